"""Hourly bike rentals with scikit-learn: reads its job, trains, leaves one ONNX file."""
import json
import os

import mlflow
import pandas
from skl2onnx import to_onnx
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

with open(os.environ["MILLRACE_JOB"]) as file:
    job = json.load(file)

rows = pandas.read_parquet(job["train"])
x, y = rows[job["features"]].astype("float32"), rows[job["target"]]
print(f"training on {len(rows)} rows, {len(x.columns)} features", flush=True)

encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["weathersit"]), remainder="passthrough")
model = make_pipeline(encode, HistGradientBoostingRegressor(random_state=job["seed"], **job["params"]))

mlflow.sklearn.autolog(log_models=False)
with mlflow.start_run():
    model.fit(x, y)

# An input for each column, named as the feature: what the encoder needs.
onnx = to_onnx(model, x[:1], target_opset={"": 17, "ai.onnx.ml": 3})
with open(os.path.join(job["model_dir"], "model.onnx"), "wb") as file:
    file.write(onnx.SerializeToString())
