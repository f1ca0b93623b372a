"""Saves in the folder $FOLDER an MLflow model of named columns and one of a tensor, both with params, for every protocol to ask."""
import json
import os
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
from mlflow.models import ModelSignature
from mlflow.pyfunc import PythonModel
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec

folder = Path(os.environ["FOLDER"])


class Fares(PythonModel):
    """price = distance * factor, and 10 more for Oslo; where `only` names rows, the others are free."""

    def predict(self, context, model_input, params=None):
        price = model_input["distance"] * params["factor"] + 10.0 * (model_input["city"] == "Oslo")
        if params["only"]:
            price = price.where(model_input.index.isin(params["only"]), 0.0)
        return pd.DataFrame({"price": price, "note": model_input["city"] + params["mark"]})

    def predict_stream(self, context, model_input, params=None):
        yield from (letter + params["mark"] for letter in model_input["city"])  # One row comes as a dictionary.


class Grid(PythonModel):
    """The sum of each row, times `scale`."""

    def predict(self, context, model_input, params=None):
        return (model_input["x"].sum(axis=1) * params["scale"]).astype(np.float32)


class Times(PythonModel):
    """`when` as text, a day later, and in the zone of Oslo."""

    def predict(self, context, model_input, params=None):
        when = model_input["when"]
        said = [None if pd.isna(one) else one.isoformat() for one in when]
        return pd.DataFrame({"said": said, "next": when + pd.Timedelta(days=1), "there": when.dt.tz_localize("UTC").dt.tz_convert("Europe/Oslo")})


columns = Schema([ColSpec("double", "distance"), ColSpec("string", "city")])
answers = Schema([ColSpec("double", "price"), ColSpec("string", "note")])
params = ParamSchema([ParamSpec("factor", DataType.double, 1.0), ParamSpec("mark", DataType.string, "!"), ParamSpec("only", DataType.long, [], (-1,))])
mlflow.pyfunc.save_model(str(folder / "fares"), python_model=Fares(), signature=ModelSignature(columns, answers, params), pip_requirements=[], streamable=True)
tensors = [Schema([TensorSpec(np.dtype("float32"), shape, name)]) for shape, name in [((-1, 3), "x"), ((-1,), "total")]]
scale = ParamSchema([ParamSpec("scale", DataType.float, 1.0)])
mlflow.pyfunc.save_model(str(folder / "grid"), python_model=Grid(), signature=ModelSignature(*tensors, scale), pip_requirements=[])
dated = Schema([ColSpec("datetime", "when"), ColSpec("float", "n", required=False)])
mlflow.pyfunc.save_model(str(folder / "times"), python_model=Times(), signature=ModelSignature(dated), pip_requirements=["tzdata"])
print(json.dumps({"done": True}))
