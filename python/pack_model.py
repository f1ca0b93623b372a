"""Packs a model that a training left, and that only Python loads, as an MLflow model that takes and gives what every model of Millrace does.

Run as `python pack_model.py` in the Python that the training ran in; stdin holds one JSON object:
`source` (the folder of an MLflow model, or a pickle), `target` (a folder that is not there yet), `kind` (`mlflow` or `pickle`), `task`, `classes` (of the
target, or null), `target_stored`, `features` (name, type, stored), `format` (of the rows it was trained on), `rows` (a file of some of them: columns
by name), `event_time` (the feature that is left out where the model does not use it, or null) and `signature` (Millrace's own, kept with the model).
The last line of stdout is one JSON object: `features` (names of those that the packed model takes), `python` (executable, version) and `packages`; or
`error` and `code`.
"""
import json
import os
import re
import shutil
import sys
import tempfile
import traceback

from millrace_model import LeftModel, WrongModel


def frame_of(rows, features):
    """Rows as the packed model is given them."""
    import numpy as np
    import pandas as pd

    return pd.DataFrame({
        feature["name"]: pd.Series(rows[feature["name"]], dtype=object) if feature["type"] == "category" else np.array([np.nan if value is None else value for value in rows[feature["name"]]], dtype="float64")
        for feature in features
    })


def text_of(value):
    """A class as Millrace writes it: 1 for 1.0, true for True."""
    import numpy as np

    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (int, np.integer)):
        return str(int(value))
    if isinstance(value, (float, np.floating)):
        return str(int(value)) if float(value).is_integer() else repr(float(value))
    return value.decode() if isinstance(value, bytes) else str(value)


def order_of(named, width, request):
    """For each class of the target the column of the model's answer. Networks name no classes: 0, 1, 2 … are their own columns."""
    classes, boolean = request["classes"], request["target_stored"] == "BOOLEAN"
    if width != len(classes):
        raise WrongModel("training.model_signature", f"The model answers {width} probabilities for each row, and the rows it was trained on have {len(classes)} classes ({', '.join(classes[:10])})")
    found = [text_of(value) for value in (range(width) if named is None else named)]
    if boolean:
        found = [{"0": "false", "1": "true", "False": "false", "True": "true"}.get(label, label) for label in found]
    strange = [label for label in classes if label not in found]
    if not strange:
        return [found.index(label) for label in classes]
    if named is None:
        raise WrongModel("training.model_signature", f"It cannot be told which of the model's {width} probabilities is which class ({', '.join(classes[:10])}): train on 0, 1, 2 …, or leave a model that has classes_")
    raise WrongModel("training.model_signature", f"The model's classes are {', '.join(found[:10])}, and the target's are {', '.join(classes[:10])}")


def check(probabilities):
    import numpy as np

    known = probabilities[~np.isnan(probabilities).any(axis=1)]
    if len(known) == 0:
        return
    bad = (np.abs(known.sum(axis=1) - 1) > 1e-3) | (known < -1e-3).any(axis=1) | (known > 1 + 1e-3).any(axis=1)
    if bad.any():
        raise WrongModel("training.no_probabilities", f"The model's answer to a row is {', '.join(f'{value:.4g}' for value in known[bad][0][:5])}, which are no probabilities (from 0 to 1, with the sum 1); end it with a softmax or a sigmoid")


def packages_of(modules):
    """The distributions that modules came from, by their normalised names (PEP 503), with their versions."""
    from importlib import metadata

    tops = {name.split(".")[0] for name in modules}
    names = {name for top, names in metadata.packages_distributions().items() if top in tops for name in names}
    return {re.sub(r"[-_.]+", "-", name).lower(): metadata.version(name) for name in sorted(names)}


def pack(request):
    before = set(sys.modules)
    try:
        import mlflow
        import pandas  # noqa: F401
        from mlflow.models.signature import ModelSignature
        from mlflow.types.schema import ColSpec, Schema, TensorSpec
        import numpy as np
    except ImportError as error:
        raise WrongModel("training.no_mlflow", f"The Python {sys.executable}, in which the command's model is to be served, has no {error.name or 'mlflow'} ({error}): install mlflow and pandas beside what the model needs, or leave an ONNX file")
    spec = {"kind": request["kind"], "file": os.path.basename(request["source"]), "task": request["task"], "classes": request["classes"], "features": request["features"], "format": request["format"]}
    try:
        model = LeftModel(request["source"], spec)
    except ImportError as error:
        raise WrongModel("training.model_unreadable", f"The Python {sys.executable} cannot load {spec['file']}: {error}. Train and serve in the same environment")
    features = [feature for feature in request["features"] if feature["name"] != request["event_time"] or feature["name"] in model.columns]
    answer, named = model.raw(frame_of(request["rows"], request["features"]))
    if request["classes"] is not None:
        single = getattr(model.model, "predict_proba", None) is None and np.isin(answer, (0, 1)).all()
        if single:
            raise WrongModel("training.no_probabilities", f"The model {spec['file']} gives classes without probabilities; give one that has predict_proba, or ends with a softmax or a sigmoid")
        spec["order"] = order_of(named, answer.shape[1], request)
        check(answer)
    spec["features"] = features
    packages = packages_of(set(sys.modules) - before)
    types = {"number": "double", "timestamp": "double", "category": "string"}
    inputs = Schema([ColSpec(types[feature["type"]], feature["name"]) for feature in features])
    if request["classes"] is None:
        outputs = Schema([TensorSpec(np.dtype("float64"), (-1, 1), "prediction")])
    else:
        outputs = Schema([TensorSpec(np.dtype("O"), (-1, 1), "label"), TensorSpec(np.dtype("float64"), (-1, len(request["classes"])), "probabilities")])
    taken = {feature["name"] for feature in features}
    signature = request["signature"]
    signature["features"] = [one for one in signature["features"] if one["name"] in taken]
    signature["columns"] = [one for one in signature["columns"] if one["name"] in taken]
    with tempfile.TemporaryDirectory() as folder:
        data = os.path.join(folder, "data")
        left = os.path.join(data, "left", spec["file"])
        os.makedirs(os.path.dirname(left))
        shutil.copytree(request["source"], left) if os.path.isdir(request["source"]) else shutil.copy(request["source"], left)
        with open(os.path.join(data, "model.json"), "w") as file:
            json.dump(spec, file, sort_keys=True)
        code = os.path.join(folder, "millrace_model.py")
        shutil.copy(os.path.join(os.path.dirname(os.path.abspath(__file__)), "millrace_model.py"), code)
        mlflow.pyfunc.save_model(
            request["target"], loader_module="millrace_model", data_path=data, code_paths=[code], signature=ModelSignature(inputs, outputs),
            pip_requirements=[f"{name}=={version}" for name, version in packages.items()], metadata={"millrace.signature": json.dumps(signature)},
        )
    for root, folders, _ in os.walk(request["target"]):
        if "__pycache__" in folders:
            shutil.rmtree(os.path.join(root, "__pycache__"))
    return {"features": [feature["name"] for feature in features], "python": {"executable": sys.executable, "version": sys.version.split()[0]}, "packages": packages}


def main():
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    sys.dont_write_bytecode = True
    request = json.load(sys.stdin)
    out, sys.stdout = sys.stdout, sys.stderr  # What the model prints is no answer.
    try:
        said = pack(request)
    except WrongModel as error:
        said = {"error": str(error), "code": error.code}
    except Exception as error:
        traceback.print_exc()
        said = {"error": f"The model {os.path.basename(request['source'])} cannot be tried on rows it was trained on: {type(error).__name__}: {error}", "code": "training.model_unreadable"}
    out.write("\n" + json.dumps(said) + "\n")
    out.flush()
    os._exit(0)  # Threads of the model's libraries are not waited for.


if __name__ == "__main__":
    main()
