"""Models as MLflow's users log, register, move and load them, against the server in MLFLOW_TRACKING_URI."""
import json
import os

import mlflow
import numpy as np
import pandas as pd
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression


def refused(what, code):
    try:
        what()
    except MlflowException as error:
        assert error.error_code == code, f"{error.error_code}: {error}"
    else:
        raise AssertionError(f"not refused; {code} was expected")


client = MlflowClient()
mlflow.set_experiment("models")
X = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [0.0, 1.0, 0.0]})
y = np.array([1.0, 3.0, 3.0])
model = LinearRegression().fit(X, y)

# Logged models are entities of their own from MLflow 3 on.
three = hasattr(client, "search_logged_models")

with mlflow.start_run() as run:
    mlflow.log_metric("nan", float("nan"))
    name = {"name": "linear", "params": {"fit": "ols"}} if three else {"artifact_path": "linear"}
    info = mlflow.sklearn.log_model(model, signature=infer_signature(X, model.predict(X)), input_example=X, registered_model_name="mill", **name)
    if three:
        mlflow.log_metric("rmse", 0.25, model_id=info.model_id)
if three:
    logged = mlflow.get_logged_model(info.model_id)
    assert logged.status == "READY" and logged.source_run_id == run.info.run_id and logged.params == {"fit": "ols"}, logged
    assert [m.key for m in logged.metrics if m.key == "rmse"] == ["rmse"], logged.metrics
    assert client.get_run(run.info.run_id).outputs.model_outputs[0].model_id == info.model_id
    assert [m.model_id for m in mlflow.search_logged_models(filter_string="metrics.rmse < 0.3", output_format="list")] == [info.model_id]
    files = {f.path for f in client.list_logged_model_artifacts(info.model_id)} if hasattr(client, "list_logged_model_artifacts") else {"MLmodel"}
    assert "MLmodel" in files, files
else:
    assert "linear/MLmodel" in {f.path for f in client.list_artifacts(run.info.run_id, "linear")}
    assert json.loads(client.get_run(run.info.run_id).data.tags["mlflow.log-model.history"])[0]["artifact_path"] == "linear"

# Registered, and found by version, alias, stage.
assert client.get_model_version("mill", "1").run_id == run.info.run_id
client.set_registered_model_alias("mill", "champion", "1")
client.transition_model_version_stage("mill", "1", "Production")
for uri in ["models:/mill/1", "models:/mill@champion", "models:/mill/Production", "models:/mill/latest", *([f"models:/{info.model_id}"] if three else []), f"runs:/{run.info.run_id}/linear"]:
    loaded = mlflow.pyfunc.load_model(uri)
    assert np.allclose(loaded.predict(X), model.predict(X)), uri
    assert loaded.metadata.signature.inputs.input_names() == ["a", "b"], uri
assert mlflow.models.get_model_info("models:/mill@champion").model_uuid == info.model_uuid

# Copies, tags, descriptions, searches, deletions.
copied = client.copy_model_version("models:/mill@champion", "mill copied")
assert np.allclose(mlflow.pyfunc.load_model("models:/mill copied/1").predict(X), model.predict(X)) and copied.run_id == run.info.run_id
for number, uri in enumerate(["models:/mill/1", "models:/mill@champion", f"runs:/{run.info.run_id}/linear"], start=2):
    again = mlflow.register_model(uri, "mill copied")
    assert again.version in (number, str(number)) and again.run_id == run.info.run_id, (uri, again)
    assert client.get_model_version("mill copied", again.version).run_id == run.info.run_id, uri
    assert np.allclose(mlflow.pyfunc.load_model(f"models:/mill copied/{number}").predict(X), model.predict(X)), uri
if three:
    # The client drops the id from what the server answers.
    told = requests.get(f"{os.environ['MLFLOW_TRACKING_URI']}/api/2.0/mlflow/model-versions/get", {"name": "mill copied", "version": "2"}).json()
    assert told["model_version"]["model_id"] == info.model_id, told
    assert [m.model_id for m in mlflow.search_logged_models(filter_string="metrics.rmse != 1 AND metrics.nan != 0", output_format="list")] == [info.model_id]
assert {str(v.version) for v in client.search_model_versions(f"run_id = '{run.info.run_id}' AND name = 'mill copied'")} == {"1", "2", "3", "4"}
for number in range(2, 5):
    client.delete_model_version("mill copied", str(number))
client.update_registered_model("mill", "turns")
client.update_model_version("mill", "1", "the first")
client.set_model_version_tag("mill", "1", "checked", "yes")
assert client.get_model_version("mill", "1").tags["checked"] == "yes"
assert [v.version for v in client.search_model_versions("name = 'mill' AND tags.checked = 'yes'")] == ["1"]
assert [m.name for m in client.search_registered_models("name LIKE 'mill%'", order_by=["name DESC"])] == ["mill copied", "mill"]
client.rename_registered_model("mill copied", "mill two")
client.delete_model_version("mill two", "1")
refused(lambda: client.get_model_version("mill two", "1"), "RESOURCE_DOES_NOT_EXIST")
client.delete_registered_model("mill two")
refused(lambda: client.create_registered_model("mill"), "RESOURCE_ALREADY_EXISTS")
refused(lambda: client.create_model_version("mill", "file:///etc/passwd"), "INVALID_PARAMETER_VALUE")
refused(lambda: client.set_registered_model_alias("mill", "v1", "1"), "INVALID_PARAMETER_VALUE")

# Prompts are models that only prompt searches find.
prompts = mlflow.genai if hasattr(mlflow, "genai") else mlflow
prompts.register_prompt(name="ask", template="Say {{word}}", tags={"team": "mill"})
assert prompts.load_prompt("prompts:/ask/1").format(word="hi") == "Say hi"
assert [m.name for m in client.search_registered_models()] == ["mill"]
if three:
    assert [p.name for p in prompts.search_prompts()] == ["ask"]
print(json.dumps({"mlflow": mlflow.__version__, "done": True}))
