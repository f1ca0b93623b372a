"""A training that leaves its model as params.kind says, and what the model itself answers to the rows of params.ask in the file params.answers."""
import json
import os
import pickle

import joblib
import mlflow
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import LinearSVC

with open(os.environ["MILLRACE_JOB"]) as file:
    job = json.load(file)
kind = job["params"]["kind"]
rows = pd.read_parquet(job["train"])
used = job["features"] + (["since"] if kind == "pyfunc" else [])
x, y = rows[used], rows[job["target"]]
regression = pd.api.types.is_float_dtype(y)


class Days(mlflow.pyfunc.PythonModel):
    """What a boosting says, by days since a date."""

    def __init__(self, model):
        self.model = model

    @staticmethod
    def table(frame):
        days = (pd.to_datetime(frame["since"]) - pd.Timestamp("2020-01-01")).dt.days
        return frame.drop(columns=["since"]).assign(days=days)

    def predict(self, context, model_input, params=None):
        return self.model.predict(self.table(model_input))


encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["plan"]), remainder="passthrough")
last = LinearSVC() if kind == "labels" else HistGradientBoostingRegressor(random_state=1) if regression else HistGradientBoostingClassifier(random_state=1)
model = make_pipeline(encode, SimpleImputer(), last) if kind == "labels" else make_pipeline(encode, last)
if kind == "pyfunc":
    model.fit(Days.table(x), y)
else:
    model.fit(x, y)

target = os.path.join(job["model_dir"], "model")
if kind == "joblib":
    joblib.dump(model, target + ".joblib")
elif kind == "pickle" or kind == "labels":
    with open(target + ".pkl", "wb") as file:
        pickle.dump(model, file)
elif kind == "sklearn":
    mlflow.sklearn.save_model(model, target, signature=infer_signature(x, model.predict(x)), serialization_format="cloudpickle")
elif kind == "logged":
    with mlflow.start_run():
        mlflow.sklearn.log_model(model, name="churn model", serialization_format="cloudpickle")
elif kind == "pyfunc":
    # A model that takes points in time says so in its signature.
    mlflow.pyfunc.save_model(target, python_model=Days(model), signature=infer_signature(x, model.predict(Days.table(x))))

# The rows are asked as they stand in a file of the same columns.
if kind != "labels":
    asked = pd.DataFrame(job["params"]["ask"])
    asked["since"] = pd.to_datetime(asked["since"]).dt.date
    asked = asked[used]
    answers = Days(model).predict(None, asked) if kind == "pyfunc" else model.predict(asked) if regression else model.predict_proba(asked)
    with open(job["params"]["answers"], "w") as file:
        json.dump({"answers": answers.tolist(), "classes": None if regression else [str(one) for one in model.classes_]}, file)
