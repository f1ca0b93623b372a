"""A session as MLflow's users write it, against the server in MLFLOW_TRACKING_URI. Fails at the first thing that is not as it should be."""
import json
import math
import os
import tempfile

import matplotlib
import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException

matplotlib.use("Agg")
import matplotlib.pyplot as plt  # noqa: E402


def refused(what, code, text=""):
    try:
        what()
    except MlflowException as error:
        assert error.error_code == code and text in str(error), f"{error.error_code}: {error}"
    else:
        raise AssertionError(f"not refused; {code} was expected")


client = MlflowClient()
experiment = mlflow.set_experiment("session")
assert experiment.experiment_id.isdigit() and experiment.artifact_location == f"mlflow-artifacts:/{experiment.experiment_id}"
assert client.get_experiment("0").name == "Default"

# A fluent run with a nested one.
with mlflow.start_run(run_name="outer", tags={"team": "mill"}, description="a session") as outer:
    mlflow.log_params({"depth": 3, "rate": 0.1, "long": "x" * 7000, "empty": ""})
    mlflow.log_metric("loss", 0.5, step=1)
    mlflow.log_metric("loss", 0.25, step=2)
    mlflow.log_metric("loss", 0.25, step=2, timestamp=5)
    mlflow.log_metrics({"acc": 0.9, "nan": math.nan, "up": math.inf, "down": -math.inf})
    mlflow.set_tags({"stage": "dev", "what": "test"})
    mlflow.log_input(mlflow.data.from_pandas(pd.DataFrame({"a": [1, 2]}), name="rows"), context="training")
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(os.path.join(folder, "deep", "er"))
        for name in ["one.txt", "deep/two.json", "deep/er/drei und ü.bin"]:
            with open(os.path.join(folder, name), "w") as file:
                file.write(name)
        with open(os.path.join(folder, "nothing.txt"), "w"):
            pass
        mlflow.log_artifacts(folder, "files")
        mlflow.log_artifact(os.path.join(folder, "one.txt"))
    mlflow.log_dict({"a": 1}, "made/a.json")
    mlflow.log_text("<script>alert(1)</script>", "made/page.html")
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    mlflow.log_figure(figure, "made/figure.png")
    mlflow.log_table({"q": ["x", "y"], "n": [1, 2]}, "made/table.json")
    mlflow.log_table({"q": ["z"], "n": [3]}, "made/table.json")
    with mlflow.start_run(run_name="inner", nested=True) as inner:
        mlflow.log_metric("loss", 0.1)

run = client.get_run(outer.info.run_id)
assert run.info.status == "FINISHED" and run.info.run_name == "outer" and run.info.end_time >= run.info.start_time > 0
assert run.data.params == {"depth": "3", "rate": "0.1", "long": run.data.params["long"], "empty": ""}
assert run.data.metrics["loss"] == 0.25 and run.data.metrics["acc"] == 0.9
assert math.isnan(run.data.metrics["nan"]) and run.data.metrics["up"] == math.inf and run.data.metrics["down"] == -math.inf
assert run.data.tags["stage"] == "dev" and run.data.tags["mlflow.note.content"] == "a session"
assert client.get_run(inner.info.run_id).data.tags["mlflow.parentRunId"] == outer.info.run_id
[dataset_input] = run.inputs.dataset_inputs
assert dataset_input.dataset.name == "rows" and dataset_input.tags[0].value == "training"
assert mlflow.data.get_source(run.inputs.dataset_inputs[0].dataset) is not None
history = client.get_metric_history(outer.info.run_id, "loss")
assert [(m.value, m.step) for m in history] == [(0.5, 1), (0.25, 2), (0.25, 2)], history

# Artifacts come back as they went.
assert [f.path for f in client.list_artifacts(outer.info.run_id)] == ["files", "made", "one.txt"]
assert [(f.path, f.is_dir, f.file_size) for f in client.list_artifacts(outer.info.run_id, "files")] == [
    ("files/deep", True, None), ("files/nothing.txt", False, 0), ("files/one.txt", False, 7)]
local = mlflow.artifacts.download_artifacts(run_id=outer.info.run_id, artifact_path="files")
with open(os.path.join(local, "deep", "er", "drei und ü.bin")) as file:
    assert file.read() == "deep/er/drei und ü.bin"
assert os.path.getsize(os.path.join(local, "nothing.txt")) == 0
assert mlflow.artifacts.load_dict(f"runs:/{outer.info.run_id}/made/a.json") == {"a": 1}
assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/made/page.html").startswith("<script>")
assert mlflow.load_table("made/table.json", run_ids=[outer.info.run_id])["n"].tolist() == [1, 2, 3]

# A name is a file or a folder.
for taken in ["one.txt/two.txt", "files", "files/deep"]:
    with tempfile.TemporaryDirectory() as folder:
        *below, name = taken.split("/")
        with open(os.path.join(folder, name), "w") as file:
            file.write("other")
        try:
            client.log_artifact(outer.info.run_id, os.path.join(folder, name), "/".join(below) or None)
        except Exception as error:
            assert "400" in str(error) and "here already" in str(error), error
        else:
            raise AssertionError(f"{taken} was stored")
assert [f.path for f in client.list_artifacts(outer.info.run_id)] == ["files", "made", "one.txt"]

# What is refused, and how.
refused(lambda: client.log_param(outer.info.run_id, "depth", 4), "INVALID_PARAMETER_VALUE", "was already logged with value='3'")
refused(lambda: client.get_run("f" * 32), "RESOURCE_DOES_NOT_EXIST")
refused(lambda: client.create_experiment("session"), "RESOURCE_ALREADY_EXISTS")
refused(lambda: client.log_metric(outer.info.run_id, "bad\\key", 1), "INVALID_PARAMETER_VALUE")
refused(lambda: client.search_runs([experiment.experiment_id], "metrics.loss > 'x'"), "INVALID_PARAMETER_VALUE")
refused(lambda: client.delete_tag(outer.info.run_id, "nothing"), "RESOURCE_DOES_NOT_EXIST", "No tag with name")

# A batch is whole or not there.
batch = client.create_run(experiment.experiment_id, run_name="batch").info.run_id
client.log_batch(batch, [Metric("m", float(i), 1000 + i, i) for i in range(1000)])
client.log_batch(batch, params=[Param("p", "1")], tags=[RunTag("t", "1")])
refused(lambda: client.log_batch(batch, [Metric("half", 1.0, 1, 0)], [Param("p", "2")], [RunTag("t", "2")]), "INVALID_PARAMETER_VALUE")
assert "half" not in client.get_run(batch).data.metrics and client.get_run(batch).data.tags["t"] == "1"
client.log_batch(batch, [Metric("m", 5.0, 1005, 5)])
assert len(client.get_metric_history(batch, "m")) == 1000 and client.get_run(batch).data.metrics["m"] == 999.0
client.log_metric(batch, "nan", math.nan, 1, 1)
client.log_metric(batch, "nan", math.nan, 1, 1)
assert len(client.get_metric_history(batch, "nan")) == 1
data = Dataset("d", "1", "local", "{}")
for _ in range(2):
    client.log_inputs(batch, [DatasetInput(data, [InputTag("mlflow.data.context", "eval")])])
assert len(client.get_run(batch).inputs.dataset_inputs) == 1

# Searches, with MLflow's grammar and with ours.
def names(text, order=("attributes.run_name ASC",), view=ViewType.ACTIVE_ONLY):
    return [r.info.run_name for r in client.search_runs([experiment.experiment_id], text, view, order_by=list(order))]

for text, expected in [
    ("metrics.loss < 0.2", ["inner"]),
    ("metrics.loss >= 0.1 and params.depth = '3'", ["outer"]),
    ("tags.stage = 'dev' AND attributes.status = 'FINISHED'", ["outer"]),
    ("tags.`team` LIKE 'mi%'", ["outer"]),
    ("tags.team LIKE 'MI%'", []),
    ("tags.team ILIKE 'MI%'", ["outer"]),
    ("params.depth IS NOT NULL", ["outer"]),
    ("params.depth IS NULL", ["batch", "inner"]),
    ("run_name IN ('inner', 'batch')", ["batch", "inner"]),
    (f"attributes.run_id NOT IN ('{batch}')", ["inner", "outer"]),
    ("datasets.name = 'rows'", ["outer"]),
    ("dataset.context = 'eval'", ["batch"]),
    ("metrics.loss < 0.2 OR params.p = '1'", ["batch", "inner"]),
    ("NOT (metrics.loss < 0.2 OR params.p = '1')", ["outer"]),
    ("metrics.up > 1e300", ["outer"]),
    ("metrics.nan > -1", []),
    ("metrics.nan = 0", []),
    ("metrics.nan != 0", ["batch", "outer"]),
    ("metrics.loss != 0.25", ["inner"]),
    ("metrics.'loss' < 0.2", ["inner"]),
    ("params.`depth` != '4' AND tags.\"team\" = 'mill'", ["outer"]),
    ("", ["batch", "inner", "outer"]),
]:
    assert names(text) == expected, f"{text}: {names(text)}"
assert names("", ["metrics.loss DESC"]) == ["outer", "inner", "batch"]
assert names("", ["params.depth", "start_time ASC"]) == ["outer", "inner", "batch"]
frame = mlflow.search_runs(experiment_names=["session"], order_by=["metrics.loss"])
assert frame["tags.mlflow.runName"].tolist() == ["inner", "outer", "batch"]

# Paging.
page, seen = None, []
while True:
    page = client.search_runs([experiment.experiment_id], max_results=2, page_token=page.token if page else None, order_by=["run_name"])
    seen += [r.info.run_name for r in page]
    if not page.token:
        break
assert seen == ["batch", "inner", "outer"]

# Delete and restore.
client.delete_run(batch)
refused(lambda: client.log_metric(batch, "m", 1), "INVALID_PARAMETER_VALUE", "must be in the 'active' state")
assert names("") == ["inner", "outer"] and names("", view=ViewType.DELETED_ONLY) == ["batch"]
client.restore_run(batch)
other = client.create_experiment("other", tags={"k": "v"})
client.rename_experiment(other, "renamed")
client.delete_experiment(other)
assert client.get_experiment_by_name("renamed").lifecycle_stage == "deleted"
assert [e.name for e in client.search_experiments(ViewType.DELETED_ONLY)] == ["renamed"]
client.restore_experiment(other)
assert [e.name for e in client.search_experiments(filter_string="tags.k = 'v'")] == ["renamed"]
for text, expected in [(f"experiment_id = '{other}'", {"renamed"}), (f"experiment_id IN ('{other}', '0')", {"renamed", "Default"}), (f"experiment_id != '{other}'", {"session", "Default"})]:
    assert {e.name for e in client.search_experiments(filter_string=text)} == expected, text
assert {e.name for e in client.search_experiments(filter_string="name LIKE 'ren%' OR name = 'session'")} == {"renamed", "session"}
assert [e.name for e in client.search_experiments(max_results=1, order_by=["name ASC"])] == ["Default"]
client.set_terminated(batch, "KILLED")
assert client.get_run(batch).info.status == "KILLED"
client.update_run(batch, name="newname")
assert client.get_run(batch).data.tags["mlflow.runName"] == "newname"
print(json.dumps({"mlflow": mlflow.__version__, "done": True}))
