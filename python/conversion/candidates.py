"""The graphs that may stand for a model, the likeliest first."""

import os

from conversion.columns import columns_of
from conversion.known_errors import parts_of
from conversion.mends_boosting import catboost_graph, register_boosting
from conversion.mends_sklearn import mend_sklearn
from conversion.refused import Refused

BOOSTED = {"LGBM": "lightgbm", "XGB": "xgboost", "CatBoost": "catboost"}


class Graph:
    """A graph in a file: whether it takes one matrix, what was mended in it, and which packages made it."""

    def __init__(self, file, graph, matrix, mended, made_by):
        self.file, self.graph, self.matrix, self.mended, self.made_by = file, graph, matrix, mended, made_by


def convert(model, declared, example, folder):
    """(columns, graphs): over one matrix of numbers where the model takes one, and with an input for each column; each with mends, and without where a mend acted."""
    library = next((library for part in parts_of(model) for start, library in BOOSTED.items() if type(part).__name__.startswith(start)), None)
    columns = columns_of(model, declared, example)
    if not hasattr(model, "predict"):
        raise Refused(f"{type(model).__name__} has no predict: only what predicts can be compared with its graph")
    if type(model).__name__ == "Booster":
        raise Refused("A Booster knows no classes and answers bare scores: log the model with its scikit-learn interface (LGBMClassifier, XGBRegressor …)")
    if type(model).__name__.startswith("CatBoost"):
        return columns, catboost_graphs(model, columns, folder)
    return columns, skl2onnx_graphs(model, columns, bool(declared), library, folder)


def catboost_graphs(model, columns, folder):
    graphs = []
    for mended in (True, False):
        done = {}
        path = os.path.join(folder, f"{len(graphs)}.onnx")
        graph = catboost_graph(model, path, mended, lambda sentence: done.update({sentence: None}))
        graphs.append(save(graph, path, True, done, ("catboost",)))
        if not done:
            break
    return graphs


def save(graph, path, matrix, done, made_by):
    with open(path, "wb") as file:
        file.write(graph.SerializeToString())
    return Graph(path, graph, matrix, list(done), made_by)


def skl2onnx_graphs(model, columns, named, library, folder):
    try:
        from skl2onnx import __max_supported_opset__, convert_sklearn
        from skl2onnx.common.data_types import BooleanTensorType, FloatTensorType, Int64TensorType, StringTensorType
    except ImportError as error:
        raise Refused(f"This environment lacks {error.name}: install skl2onnx into it (python -m pip install skl2onnx), or name another with --python")
    if library in ("lightgbm", "xgboost"):
        try:
            __import__("onnxmltools")
        except ImportError:
            raise Refused(f"This environment lacks onnxmltools, which converts models of {library}: python -m pip install onnxmltools")
    from sklearn.base import is_classifier

    types = {"text": StringTensorType, "boolean": BooleanTensorType, "integer": Int64TensorType, "float": FloatTensorType}
    ways = []
    if all(column.kind in ("integer", "float") for column in columns):
        ways.append((True, [("input", FloatTensorType([None, len(columns)]))]))
    if named or not ways:
        ways.append((False, [(column.name, types[column.kind]([None, 1])) for column in columns]))
    options = {id(model): {"zipmap": False}} if is_classifier(model) else None
    opsets = {"": __max_supported_opset__, "ai.onnx.ml": 3}  # What onnxmltools' trees and skl2onnx' isolation forests are written in.
    made_by = ("skl2onnx",) if library is None else ("skl2onnx", "onnxmltools", library)
    graphs, first = [], None
    for matrix, inputs in ways:
        for mended in (True, False):
            done = {}
            tell = lambda sentence: done.update({sentence: None})  # noqa: E731
            undo = mend_sklearn(tell) if mended else lambda: None
            try:
                register_boosting(mended, tell)
                try:
                    graph = convert_sklearn(model, initial_types=inputs, options=options, target_opset=opsets)
                except NameError:  # A classifier that has no probabilities may know no such option.
                    graph = convert_sklearn(model, initial_types=inputs, target_opset=opsets)
            except Exception as error:  # Another way may do; else the first error is the telling one.
                first = first or error
                continue
            finally:
                undo()
            graphs.append(save(graph, os.path.join(folder, f"{len(graphs)}.onnx"), matrix, done, made_by))
            if not done:
                break
    if not graphs:
        raise Refused(f"{' and '.join(made_by[:2])} cannot convert this model: {type(first).__name__}: {first}")
    return graphs
