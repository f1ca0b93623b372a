"""Logs scikit-learn models to the server in MLFLOW_TRACKING_URI (with CHECK=1: loads their ONNX versions and compares)."""
import json
import os

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

rng = np.random.default_rng(0)
X = pd.DataFrame(rng.normal(size=(100, 3)), columns=list("abc"))
y = X["a"] * 2 + X["b"]
mixed = X.assign(color=rng.choice(["red", "green"], 100))
columns = ColumnTransformer([("numbers", StandardScaler(), ["a", "b", "c"]), ("colors", OneHotEncoder(handle_unknown="ignore"), ["color"])])
models = {
    "linear": (LinearRegression(), X, y, {"serialization_format": "pickle"}),
    "forest": (RandomForestRegressor(10, max_depth=3, random_state=0), X, y, {"skops_trusted_types": ["sklearn.tree._tree.Tree"]}),
    "classes": (make_pipeline(columns, LogisticRegression()), mixed, np.where(y > 0, "up", "down"), {"serialization_format": "cloudpickle"}),
}
for name, (model, rows, truth, options) in models.items():
    model.fit(rows, truth)
    if os.environ.get("CHECK"):
        loaded = mlflow.onnx.load_model(f"models:/{name}/2")
        assert loaded.graph.node, name
        assert mlflow.models.get_model_info(f"models:/{name}/2").signature.inputs.input_names() == list(rows.columns), name
    else:
        with mlflow.start_run():
            mlflow.sklearn.log_model(model, name="model", signature=infer_signature(rows, model.predict(rows)), input_example=rows.head(20), registered_model_name=name, **options)
print(json.dumps({"done": True}))
