"""Fills the MLflow tracking store in MLFLOW_TRACKING_URI (a server, a folder or a database of MLflow's own) with one of everything that an import carries."""
import json
import math
import os
import tempfile

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric
from mlflow.models import infer_signature
from sklearn.linear_model import LinearRegression

client = MlflowClient()
# Where artifacts lie in a place that others read: None for the store's own.
location = os.environ.get("ARTIFACT_LOCATION")


def experiment(name, **more):
    return client.create_experiment(name, artifact_location=f"{location}/{name}" if location else None, **more)


main = experiment("wind & water", tags={"team": "mill", "note": "zwei Räder\nund ein Bach"})
mlflow.set_experiment(experiment_id=main)
X = pd.DataFrame({"a": [1.0, 2.0, 3.0, 5.0], "b": [0.0, 1.0, 0.0, 2.0]})
y = X["a"] * 2 + X["b"]
model = LinearRegression().fit(X, y)

with mlflow.start_run(run_name="outer", tags={"kind": "whole", "mlflow.note.content": "# a note"}) as run:
    mlflow.log_params({"depth": 3, "rate": "0,1", "long": "x" * 500, "empty": ""})
    client.log_batch(run.info.run_id, [Metric("loss", 1 / (step + 1), 1_700_000_000_000 + step * 10, step) for step in range(1000)])
    client.log_batch(run.info.run_id, [Metric("loss", 5.0, 1_600_000_000_000, 3), Metric("train/acc at k", 0.5, 1_700_000_000_000, -4)])
    mlflow.log_metrics({"nan": math.nan, "up": math.inf, "down": -math.inf, "tiny": 5e-324, "third": 0.1 + 0.2})
    mlflow.log_input(mlflow.data.from_pandas(X, name="rows"), context="training")
    with tempfile.TemporaryDirectory() as folder:
        os.makedirs(f"{folder}/deep/er")
        for name, size in [("one.txt", 7), ("deep/two words.json", 100), ("deep/er/drei und ü.bin", 200_000), ("nothing.txt", 0)]:
            with open(f"{folder}/{name}", "wb") as file:
                file.write(bytes(range(256)) * (size // 256) + b"x" * (size % 256))
        mlflow.log_artifacts(folder, "files")
    with mlflow.start_run(run_name="inner", nested=True):
        mlflow.log_metric("loss", 0.1)
    name = {"name": "linear"} if hasattr(client, "search_logged_models") else {"artifact_path": "linear"}
    info = mlflow.sklearn.log_model(model, signature=infer_signature(X, model.predict(X)), input_example=X, registered_model_name="mill", **name)
    if hasattr(info, "model_id") and info.model_id:
        mlflow.log_metric("rmse", 0.25, model_id=info.model_id)
        client.set_logged_model_tags(info.model_id, {"kept": "yes"})

failed = client.create_run(main, run_name="failed", start_time=1_650_000_000_000)
client.set_terminated(failed.info.run_id, "FAILED", end_time=1_650_000_009_000)
client.create_run(main, run_name="still running")
client.delete_run(client.create_run(main, run_name="thrown away").info.run_id)
gone = experiment("gone")
client.log_param(client.create_run(gone, run_name="of gone").info.run_id, "p", "1")
client.delete_experiment(gone)
client.log_metric(client.create_run("0", run_name="by default").info.run_id, "m", 1.5)

# The registry: versions, one of them deleted, aliases, a stage, tags, descriptions, a copy.
client.update_registered_model("mill", "turns")
client.set_registered_model_tag("mill", "owner", "miller")
first = client.get_model_version("mill", "1")
of_model = {"model_id": info.model_id} if getattr(info, "model_id", None) else {}
for _ in range(3):
    client.create_model_version("mill", first.source, run_id=run.info.run_id, tags={"again": "1"}, description="the same files", **of_model)
client.delete_model_version("mill", "2")
client.set_model_version_tag("mill", "1", "checked", "yes")
client.set_registered_model_alias("mill", "champion", "1")
client.set_registered_model_alias("mill", "next", "3")
client.transition_model_version_stage("mill", "1", "Production")
client.create_registered_model("empty", tags={"a": "b"}, description="no versions")
client.copy_model_version("models:/mill/1", "mill copied")
if hasattr(mlflow, "genai"):
    mlflow.genai.register_prompt(name="ask", template="Say {{word}}", tags={"team": "mill"}, commit_message="first")
    mlflow.genai.register_prompt(name="ask", template="Say {{word}} twice")
    with mlflow.start_span("a trace"):
        pass
    mlflow.flush_trace_async_logging() if hasattr(mlflow, "flush_trace_async_logging") else None
print(json.dumps({"run_id": run.info.run_id, "experiment_id": main}))
