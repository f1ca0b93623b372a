"""Saves MLflow models of many kinds in the folder $FOLDER, and in oracle.json there what pyfunc itself answers for them."""
import json
import os
import time
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from lightgbm import LGBMRegressor
from mlflow.models import ModelSignature, infer_signature
from mlflow.pyfunc import PythonModel
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.types.schema import Array, Object, Property
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

folder = Path(os.environ["FOLDER"])
oracle = {}


def columns(*specs):
    return Schema([ColSpec(kind, name, required=required) for name, kind, required in specs])


class Trips(PythonModel):
    def __init__(self, more=0):
        self.more = more

    def predict(self, context, model_input, params=None):
        city = model_input["city"].map({"Oslo": 10.0, "Rome": 20.0}).fillna(0)
        return pd.DataFrame({"prediction": 2 * model_input["distance"].fillna(0) + model_input["seats"].fillna(0) + city + self.more})


class Picky(PythonModel):
    def predict(self, context, model_input, params=None):
        if (model_input["amount"] > 1e6).any():
            raise ValueError("an amount is above 1e6")
        return model_input["amount"].to_numpy().reshape(-1, 1)


class Loud(PythonModel):
    def predict(self, context, model_input, params=None):
        print("printed by the model", flush=True)
        os.write(1, b"written to descriptor 1\n")
        return [f"{text.upper()}{params['mark']}" for text in model_input["text"]]

    def predict_stream(self, context, model_input, params=None):
        yield from model_input["text"].split()  # One row comes as a dictionary.


class Kinds(PythonModel):
    """Tells what reached it."""

    def predict(self, context, model_input, params=None):
        return pd.DataFrame({name: [f"{model_input[name].dtype} {value!r}" for value in model_input[name]] for name in model_input.columns})


class Shapes(PythonModel):
    def predict(self, context, model_input, params=None):
        kind = model_input["kind"].iloc[0]
        return {
            "dict": {"a": np.array([1.5, 2.5]), "b": ["x", "y"]},
            "list": [1, 2, 3],
            "ragged": [[1], [2, 3]],
            "scalar": 7,
            "text": "done",
            "records": [{"a": 1, "b": "x"}, {"a": 2, "b": None}],
            "series": pd.Series([True, False], name="flag"),
            "frame": pd.DataFrame({"when": pd.to_datetime(["2026-01-02", None]), "n": pd.array([1, None], dtype="Int64"), "f": np.array([1, 2], "f4")}),
            "matrix": np.arange(6).reshape(2, 3),
            "nothing": None,
        }[kind]


class Wild(PythonModel):
    """Does to its process what the request says."""

    def predict(self, context, model_input, params=None):
        for what in model_input["what"]:
            if what == "exit":
                os._exit(7)
            if what == "hang":
                time.sleep(30)  # longer than the test waits, and an end
            if what == "raise":
                raise RuntimeError("raised on purpose")
        return list(model_input["what"])


class Chat(PythonModel):
    def predict(self, context, model_input, params=None):
        if isinstance(model_input, pd.DataFrame):
            model_input = model_input.to_dict(orient="records")[0]
        return {"choices": [{"message": {"role": "assistant", "content": model_input["messages"][0]["content"]}}], "params": params}


def save(name, model, signature=None, **more):
    mlflow.pyfunc.save_model(str(folder / name), python_model=model, signature=signature, pip_requirements=[], **more)


trips = ModelSignature(columns(("distance", "double", True), ("seats", "double", True), ("city", "string", True)), columns(("prediction", "double", True)))
save("trips", Trips(), trips)
save("trips-next", Trips(1000), trips)
save("picky", Picky(), ModelSignature(columns(("amount", "float", True)), Schema([TensorSpec(np.dtype("float32"), (-1, 1), "prediction")])))
save("loud", Loud(), ModelSignature(columns(("text", "string", True)), None, ParamSchema([ParamSpec("mark", DataType.string, "!")])), streamable=True)
every = [("boolean", "boolean"), ("integer", "integer"), ("long", "long"), ("float", "float"), ("double", "double"), ("string", "string"), ("binary", "binary"), ("datetime", "datetime")]
save("kinds", Kinds(), ModelSignature(Schema([*(ColSpec(kind, name) for name, kind in every), ColSpec("double", "maybe", required=False), ColSpec(Array(DataType.long), "list")])))
save("shapes", Shapes(), ModelSignature(columns(("kind", "string", True))))
save("wild", Wild(), ModelSignature(columns(("what", "string", True))))
message = Object([Property("role", DataType.string), Property("content", DataType.string)])
save("chat", Chat(), ModelSignature(Schema([ColSpec(Array(message), "messages")]), None, ParamSchema([ParamSpec("temperature", DataType.double, 0.5)])))

frame, target = load_iris(return_X_y=True, as_frame=True)
classifier = LogisticRegression(max_iter=1000).fit(frame, target)
mlflow.sklearn.save_model(classifier, folder / "iris", signature=infer_signature(frame, classifier.predict(frame)), input_example=frame.head(3))
matrix = LogisticRegression(max_iter=1000).fit(frame.to_numpy(), target)
mlflow.sklearn.save_model(matrix, folder / "matrix", signature=infer_signature(frame.to_numpy(), matrix.predict_proba(frame.to_numpy())), pyfunc_predict_fn="predict_proba")
mlflow.sklearn.save_model(matrix, folder / "bare")
trees = LGBMRegressor(n_estimators=20, verbose=-1).fit(frame, target)
mlflow.lightgbm.save_model(trees, folder / "trees", signature=infer_signature(frame, trees.predict(frame)))

rows = frame.iloc[::10]
oracle["rows"] = {"columns": list(rows.columns), "data": rows.to_numpy().tolist()}
for name in ["iris", "trees"]:
    oracle[name] = np.asarray(mlflow.pyfunc.load_model(str(folder / name)).predict(rows)).tolist()
for name in ["matrix", "bare"]:
    oracle[name] = np.asarray(mlflow.pyfunc.load_model(str(folder / name)).predict(rows.to_numpy())).tolist()
(folder / "oracle.json").write_text(json.dumps(oracle))
print(json.dumps({"done": True}))
