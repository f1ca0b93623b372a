"""Converts a model of an MLflow model folder (scikit-learn, LightGBM, XGBoost, CatBoost) to ONNX, and asks it what a graph must answer.

Run by `millrace models convert`, in the environment that its user names: loading a pickle runs whatever code is in it, so
only models that one trusts are for this, and never does a server run it. Reads a JSON request from standard input:

    {"folder", "model", "flavor": "sklearn" | "lightgbm" | "xgboost" | "catboost", "format", "class", "trusted": [...],
     "columns": [{"name", "type"}], "example", "extremes": whether numbers far
     beyond the example are tried, "target": a folder}

writes graphs into `target`, and says on the last line of standard output what it did: {"error"}, or

    candidates  graphs in the order in which they are to be tried: {"file", "feeds", "columns", "outputs", "mended"}; `outputs` says
                for each output of the graph which of `answers` it must equal
    rows        for each row: what kind of row it is
    answers     {"method", "kind": "label" | "number", "scale", "values": a list per row}: what the model itself answers
    margins     for each row how far the winning class is before the next, null where that is not known
    batches     numbers of rows that are to be asked together
    refused     {sentence: number of rows} that the model itself refuses
    rounded     how many rows of the example the model itself answers otherwise when its numbers are rounded to float32
    left        how many made rows were left out of a wide table
    suspects    sentences about known errors of converters
    versions    by package
"""

import json
import os
import platform
import sys
import warnings

from conversion.refused import Refused


def main():
    request = json.load(sys.stdin)
    try:
        import onnx
        import sklearn

        from conversion.candidates import convert
        from conversion.load_model import load, read_example
        from conversion.comparison import what_to_compare
    except ImportError as error:
        raise Refused(f"This environment lacks {error.name}: install scikit-learn, pandas and skl2onnx into it (python -m pip install scikit-learn pandas skl2onnx), or name another with --python")
    try:
        model = load(request)
    except ImportError as error:
        raise Refused(f"This environment lacks {error.name}, which the model needs: its requirements.txt names what it was made with")
    example = read_example(request)
    columns, graphs = convert(model, request["columns"], example, request["target"])
    answer = what_to_compare(model, columns, bool(request["columns"]) or hasattr(example, "columns"), graphs, request["extremes"])
    answer["versions"] = {"python": platform.python_version(), "onnx": onnx.__version__, "scikit-learn": sklearn.__version__}
    for name in ("skl2onnx", "onnxmltools", "lightgbm", "xgboost", "catboost"):
        if name in sys.modules and any(name in graph.made_by for graph in graphs):
            answer["versions"][name] = sys.modules[name].__version__
    return answer


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    try:
        said = main()
    except Refused as refused:
        said = {"error": str(refused)}
    except Exception as error:
        said = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(said, allow_nan=False))
