"""Converts a scikit-learn model of an MLflow model folder to ONNX.

Run by `millrace models convert`, in the environment that its user names: loading a pickle runs whatever code is in it, so
only models that one trusts are for this, and never does a server run it. Reads a JSON request from standard input:

    {"folder", "model", "format": "pickle" | "cloudpickle" | "skops", "trusted": [...], "columns": [{"name", "type"}], "example", "target"}

writes the graph to `target`, and says on the last line of standard output what it did: {"error"} or {"feeds", "predictions",
"probabilities", "versions"}. `feeds` are the input example as the graph takes it, `predictions` what the model answers to it.
"""

import json
import os
import platform
import sys


class Refused(Exception):
    """What cannot be done, in words for the user."""


def load(request):
    path = os.path.join(request["folder"], request["model"])
    if request["format"] == "skops":
        import skops.io

        return skops.io.load(path, trusted=request["trusted"])
    import pickle

    with open(path, "rb") as file:
        return pickle.load(file)


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


def tensor_type(column):
    from skl2onnx.common.data_types import BooleanTensorType, FloatTensorType, Int64TensorType, StringTensorType

    types = {"string": StringTensorType, "boolean": BooleanTensorType, "integer": Int64TensorType, "long": Int64TensorType, "float": FloatTensorType, "double": FloatTensorType}
    if column["type"] not in types:
        raise Refused(f"The column {column['name']!r} is of type {column['type']}, which has no place in the ONNX graph of a scikit-learn model")
    return types[column["type"]]([None, 1])


def width_of(model, example):
    width = getattr(model, "n_features_in_", None)
    if width is None and example is not None and len(example.shape) == 2:
        width = example.shape[1]
    if width is None:
        raise Refused("Nothing says how many features the model takes: log it with a signature or an input example")
    return width


def to_onnx(model, columns, example):
    """The graph: over one matrix of numbers where the model takes one, else with an input for each column."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType
    from sklearn.base import is_classifier

    options = {id(model): {"zipmap": False}} if is_classifier(model) else None
    ways = []
    if all(column["type"] in ("integer", "long", "float", "double") for column in columns):
        ways.append(lambda: [("input", FloatTensorType([None, len(columns) or width_of(model, example)]))])
    if columns:
        ways.append(lambda: [(column["name"], tensor_type(column)) for column in columns])
    first = None
    for way in ways:
        try:
            return convert_sklearn(model, initial_types=way(), options=options)
        except Refused:
            raise
        except Exception as error:  # The second way may do; else the first error is the telling one.
            first = first or error
    raise Refused(f"skl2onnx cannot convert this model: {type(first).__name__}: {first}")


def feeds_of(graph, example):
    """The example, input by input, as plain lists."""
    import numpy

    inputs = [(value.name, value.type.tensor_type.elem_type) for value in graph.graph.input]
    if len(inputs) == 1 and inputs[0][0] == "input":
        return {"input": {"type": "float32", "rows": numpy.asarray(example, dtype=float).tolist()}}
    names = {1: "float32", 7: "int64", 8: "string", 9: "bool"}
    return {name: {"type": names[kind], "rows": [[value] for value in example[name].tolist()]} for name, kind in inputs}


def main():
    request = json.load(sys.stdin)
    try:
        import onnx
        import skl2onnx
        import sklearn
    except ImportError as error:
        raise Refused(f"This environment lacks {error.name}: install scikit-learn and skl2onnx into it (python -m pip install scikit-learn skl2onnx), or name another with --python")
    try:
        model = load(request)
    except ImportError as error:
        raise Refused(f"This environment lacks {error.name}, which the model needs: its requirements.txt names what it was made with")
    example = read_example(request)
    graph = to_onnx(model, request["columns"], example)
    with open(request["target"], "wb") as file:
        file.write(graph.SerializeToString())
    answer = {"feeds": None, "predictions": None, "probabilities": None}
    if example is not None:
        answer["feeds"] = feeds_of(graph, example)
        answer["predictions"] = model.predict(example).tolist()
        if hasattr(model, "predict_proba"):
            answer["probabilities"] = model.predict_proba(example).tolist()
    answer["versions"] = {"python": platform.python_version(), "scikit-learn": sklearn.__version__, "skl2onnx": skl2onnx.__version__, "onnx": onnx.__version__}
    return answer


if __name__ == "__main__":
    try:
        said = main()
    except Refused as refused:
        said = {"error": str(refused)}
    except Exception as error:
        said = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(said))
