"""House prices with a linear regression behind a scaler: reads its job, trains, leaves what joblib writes."""
import json
import os

import joblib
import pandas
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import StandardScaler

with open(os.environ["MILLRACE_JOB"]) as file:
    job = json.load(file)

rows = pandas.read_parquet(job["train"])
model = make_pipeline(SimpleImputer(), StandardScaler(), LinearRegression(**job["params"]))
model.fit(rows[job["features"]], rows[job["target"]])
joblib.dump(model, os.path.join(job["model_dir"], "model.joblib"))
