"""Compares, entity by entity and through MLflow's client, the store in SOURCE with the server in TARGET that imported it. Fails at the first difference."""
import json
import math
import os
import sys
import tempfile

import mlflow
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException

source, target = MlflowClient(os.environ["SOURCE"], os.environ["SOURCE"]), MlflowClient(os.environ["TARGET"], os.environ["TARGET"])
compared = dict.fromkeys(["experiments", "runs", "points", "artifacts", "logged_models", "registered_models", "versions", "models_loaded"], 0)


def same(what, one, other):
    assert one == other, f"{what}: {one!r} at the source, {other!r} here"


def number(value):
    """MLflow's SQL store and protocol write an infinity as the greatest double."""
    return "nan" if math.isnan(value) else max(-sys.float_info.max, min(sys.float_info.max, value))


def files(client, run_id, folder=None):
    for entry in client.list_artifacts(run_id, folder):
        if entry.is_dir:
            yield from files(client, run_id, entry.path)
        else:
            # A server of MLflow does not say a size of 0.
            yield entry.path, entry.file_size or 0


def content(client, run_id, path, folder):
    with open(client.download_artifacts(run_id, path, folder), "rb") as file:
        return file.read()


def compare_run(one, other):
    what = f"run {one.info.run_id}"
    for field in ["run_name", "status", "user_id", "start_time", "end_time", "lifecycle_stage"]:
        same(f"{what} {field}", getattr(one.info, field), getattr(other.info, field))
    same(f"{what} params", one.data.params, other.data.params)
    same(f"{what} tags", one.data.tags, other.data.tags)
    same(f"{what} metrics", {k: number(v) for k, v in one.data.metrics.items()}, {k: number(v) for k, v in other.data.metrics.items()})
    for key in one.data.metrics:
        # A file store gives a point again for each time it was written.
        points = [sorted({(m.step, m.timestamp, str(number(m.value))) for m in client.get_metric_history(one.info.run_id, key)}) for client in (source, target)]
        same(f"{what} history of {key}", *points)
        compared["points"] += len(points[0])
    datasets = [[(d.dataset.to_dictionary(), {t.key: t.value for t in d.tags}) for d in run.inputs.dataset_inputs] for run in (one, other)]
    same(f"{what} datasets", *datasets)
    outputs = [[(m.model_id, m.step) for m in getattr(run.outputs, "model_outputs", [])] if getattr(run, "outputs", None) else [] for run in (one, other)]
    same(f"{what} outputs", *outputs)
    if one.info.lifecycle_stage == "deleted":
        return
    here = sorted(files(target, one.info.run_id))
    same(f"{what} artifacts", sorted(files(source, one.info.run_id)), here)
    for path, _ in here:
        with tempfile.TemporaryDirectory() as a, tempfile.TemporaryDirectory() as b:
            same(f"{what} artifact {path}", content(source, one.info.run_id, path, a), content(target, one.info.run_id, path, b))
        compared["artifacts"] += 1


ids = {e.name: e.experiment_id for e in target.search_experiments(ViewType.ALL)}
for experiment in source.search_experiments(ViewType.ALL):
    other = target.get_experiment(ids[experiment.name])
    same(experiment.name, experiment.lifecycle_stage, other.lifecycle_stage)
    same(experiment.name, experiment.tags, other.tags)
    if experiment.name != "Default":
        for field in ["experiment_id", "creation_time", "last_update_time"]:
            same(f"{experiment.name} {field}", getattr(experiment, field), getattr(other, field))
    compared["experiments"] += 1
    runs, here = [{r.info.run_id: r for r in client.search_runs([at], run_view_type=ViewType.ALL)} for client, at in ((source, experiment.experiment_id), (target, other.experiment_id))]
    same(f"runs of {experiment.name}", sorted(runs), sorted(here))
    for run_id, run in runs.items():
        compare_run(run, here[run_id])
        compared["runs"] += 1
    if hasattr(source, "search_logged_models") and experiment.lifecycle_stage == "active":
        models, here = [{m.model_id: m for m in client.search_logged_models([at])} for client, at in ((source, experiment.experiment_id), (target, other.experiment_id))]
        same(f"models of {experiment.name}", sorted(models), sorted(here))
        for model_id, model in models.items():
            for field in ["name", "status", "source_run_id", "model_type", "creation_timestamp", "last_updated_timestamp", "tags", "params"]:
                # The protocol has no None for a text.
                same(f"{model_id} {field}", getattr(model, field) or None, getattr(here[model_id], field) or None)
            metrics = [{(m.key, m.step, m.timestamp, m.run_id, str(number(m.value))) for m in one.metrics} for one in (model, here[model_id])]
            same(f"{model_id} metrics", *metrics)
            compared["logged_models"] += 1

X = pd.DataFrame({"a": [1.0, 4.0], "b": [0.5, 1.0]})


def predictions(uri, of):
    mlflow.set_tracking_uri(uri)
    mlflow.set_registry_uri(uri)
    return mlflow.pyfunc.load_model(of).predict(X).tolist()


prompts = ["", "tags.`mlflow.prompt.is_prompt` = 'true'"]
for search in prompts:
    models, here = [{m.name: m for m in client.search_registered_models(search or None)} for client in (source, target)]
    same("registered models", sorted(models), sorted(here))
    for name, model in models.items():
        for field in ["creation_timestamp", "last_updated_timestamp", "tags"]:
            same(f"{name} {field}", getattr(model, field), getattr(here[name], field))
        same(f"{name} aliases", *[{alias: int(version) for alias, version in one.aliases.items()} for one in (model, here[name])])
        same(f"{name} description", model.description or "", here[name].description or "")
        compared["registered_models"] += 1
        clause = f"name = '{name}'" + (f" AND {search}" if search else "")
        versions, others = [{int(v.version): v for v in client.search_model_versions(clause)} for client in (source, target)]
        same(f"versions of {name}", sorted(versions), sorted(others))
        for number_, version in versions.items():
            for field in ["creation_timestamp", "last_updated_timestamp", "current_stage", "tags", "status"]:
                same(f"{name} {number_} {field}", getattr(version, field), getattr(others[number_], field))
            for field in ["description", "run_id", "run_link", "user_id"]:
                same(f"{name} {number_} {field}", getattr(version, field) or "", getattr(others[number_], field) or "")
            compared["versions"] += 1
            if not search:
                same(f"{name} {number_} predicts", predictions(os.environ["SOURCE"], f"models:/{name}/{number_}"), predictions(os.environ["TARGET"], f"models:/{name}/{number_}"))
                compared["models_loaded"] += 1
same("by alias", predictions(os.environ["SOURCE"], "models:/mill@champion"), predictions(os.environ["TARGET"], "models:/mill@champion"))
same("by stage", predictions(os.environ["SOURCE"], "models:/mill/Production"), predictions(os.environ["TARGET"], "models:/mill/Production"))
try:
    target.get_model_version("mill", "2")
    raise AssertionError("the deleted version is here")
except MlflowException as error:
    assert error.error_code == "RESOURCE_DOES_NOT_EXIST", error
# Numbers go on where they were; a restored experiment brings its runs back.
first = target.get_model_version("mill", "1")
assert int(target.create_model_version("mill", first.source, run_id=first.run_id, model_id=first.model_id).version) == 5
target.restore_experiment(ids["gone"])
assert [r.info.run_name for r in target.search_runs([ids["gone"]])] == ["of gone"]
print(json.dumps(compared))
