"""Loads the model of an MLflow folder, by the flavor that saved it, and its input example."""

import importlib
import json
import os

from conversion.refused import Refused


def load(request):
    path = os.path.join(request["folder"], request["model"])
    flavor = request["flavor"]
    if flavor == "catboost" and request["format"] != "pickle":
        import catboost

        model = getattr(catboost, request["class"] or "CatBoost")()
        model.load_model(path, format=request["format"])
        return model
    if flavor == "xgboost":
        module, _, name = (request["class"] or "xgboost.core.Booster").rpartition(".")
        model = getattr(importlib.import_module(module), name)()
        model.load_model(path)
        return model
    if request["format"] == "skops":
        import skops.io

        return skops.io.load(path, trusted=request["trusted"])
    import pickle

    with open(path, "rb") as file:
        try:
            return pickle.load(file)
        except pickle.UnpicklingError as error:
            raise Refused(f"{request['model']} is no pickle ({error}): a Booster that was saved as text has no scikit-learn interface; log the LGBMClassifier or LGBMRegressor itself")


def read_example(request):
    """The input example as the model takes it: a DataFrame, or an array when it has no column names."""
    if not request["example"]:
        return None
    import numpy
    import pandas

    with open(os.path.join(request["folder"], request["example"]), encoding="utf-8") as file:
        example = json.load(file)
    if isinstance(example, dict) and "columns" in example:
        return pandas.DataFrame(example["data"], columns=example["columns"])
    if isinstance(example, dict):
        example = example.get("inputs", example.get("data"))
    return numpy.asarray(example)
