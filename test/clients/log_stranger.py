"""Logs and registers a scikit-learn model of bike rentals by the plain MLflow client; argv: tracking address, table, file for its own answers to the first rows."""
import json
import sys

import mlflow
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

address, table, answers = sys.argv[1:]
mlflow.set_tracking_uri(address)
rows = pd.read_csv(table).head(1200)
features = rows[["hr", "weekday", "workingday", "temp", "hum", "windspeed", "season"]]
model = make_pipeline(make_column_transformer((OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["season"]), remainder="passthrough"), HistGradientBoostingRegressor(random_state=0))
model.fit(features, rows["cnt"])
with mlflow.start_run():
    mlflow.sklearn.log_model(model, name="model", signature=infer_signature(features, model.predict(features)), registered_model_name="stranger", serialization_format="cloudpickle")
with open(answers, "w") as file:
    json.dump(model.predict(features.head(50)).tolist(), file)
