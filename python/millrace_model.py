"""A model that a training left, with the inputs and outputs of every model that Millrace trains.

This file is packed beside the model as the code of an MLflow model: `_load_pyfunc` gives what answers. A table comes with the features as the signature
of the MLmodel names them: numbers and points in time (milliseconds since 1970 UTC) as float64 with NaN for missing, texts with None. The model gets
them as they stood in the file that it was trained on, and answers `prediction` [rows, 1], or `label` [rows, 1] and `probabilities` [rows, classes].
"""
import json
import os


class WrongModel(Exception):
    """The model does not take or give what it must; `code` says which."""

    def __init__(self, code, message):
        super().__init__(message)
        self.code = code


def _load_pyfunc(path):
    with open(os.path.join(path, "model.json")) as file:
        spec = json.load(file)
    return LeftModel(os.path.join(path, "left", spec["file"]), spec)


def unpickled(path):
    try:
        import joblib
    except ImportError:
        import pickle

        with open(path, "rb") as file:
            return pickle.load(file)
    return joblib.load(path)


class LeftModel:
    """The model in `path`; `spec` is what model.json holds."""

    def __init__(self, path, spec):
        self.spec = spec
        self.regression = spec["task"] == "regression"
        if spec["kind"] == "mlflow":
            from mlflow import pyfunc

            self.door = pyfunc.load_model(path)
            self.model = raw_model(self.door)
            self.schema = self.door.metadata.get_input_schema() if self.door.metadata.signature else None
            if self.schema is not None and not self.schema.inputs:
                self.schema = None
        else:
            self.door = self.model = unpickled(path)
            self.schema = None
        if not hasattr(self.door, "predict"):
            raise WrongModel("training.model_signature", f"The model {spec['file']} is a {type(self.door).__name__}, which has no predict")
        self.columns = self._columns()

    def _columns(self):
        """The columns that the model takes, in its order."""
        names = [feature["name"] for feature in self.spec["features"]]
        usual = [feature["name"] for feature in self.spec["features"] if feature["type"] != "timestamp"]
        wanted = None
        if self.schema is not None:
            if not self.schema.is_tensor_spec() and self.schema.has_input_names():
                wanted = [str(name) for name in self.schema.input_names()]
                needed = [str(one.name) for one in self.schema.inputs if one.required]
            elif self.schema.is_tensor_spec() and len(self.schema.inputs) > 1:
                raise WrongModel("training.model_signature", f"The model {self.spec['file']} takes {len(self.schema.inputs)} tensors; a model takes a table of features, or one matrix of them")
        elif getattr(self.model, "feature_names_in_", None) is not None:
            wanted = needed = [str(name) for name in self.model.feature_names_in_]
        if wanted is None:
            return usual
        strange = [name for name in needed if name not in names]
        if strange:
            raise WrongModel("training.model_signature", f"The model {self.spec['file']} takes the columns {', '.join(strange)}, which are no features; the features are {', '.join(names)}")
        return [name for name in wanted if name in names]

    def _frame(self, table):
        """The columns as they stood in the file that the model was trained on."""
        import pandas as pd

        features = {feature["name"]: feature for feature in self.spec["features"]}
        return pd.DataFrame({name: self._column(table[name], features[name]["stored"]) for name in self.columns}, index=table.index)

    def _column(self, values, stored):
        import numpy as np
        import pandas as pd

        if stored == "VARCHAR":
            return pd.Series(values.tolist(), index=values.index) if values.notna().any() else values.astype(object)
        if stored == "BOOLEAN":
            known = values.map({"true": True, "false": False})
            return known.astype(object).where(known.notna(), None) if known.isna().any() else known.astype(bool)
        numbers = values.to_numpy(dtype="float64")
        if stored in ("DATE", "TIMESTAMP"):
            missing = np.isnan(numbers)
            moments = pd.Series(np.where(missing, 0, numbers).astype("int64").astype("datetime64[ms]"), index=values.index)
            if self.spec["format"] == "csv":
                texts = moments.dt.strftime("%Y-%m-%d" if stored == "DATE" else "%Y-%m-%d %H:%M:%S")
                return texts.astype(object).where(~missing, None)
            return moments.dt.date.where(~missing, None) if stored == "DATE" else moments.astype("datetime64[us]").where(~missing)
        whole = stored == "BIGINT" and not np.isnan(numbers).any() and bool(np.all(numbers == np.trunc(numbers)))
        return pd.Series(numbers.astype("int64") if whole else numbers, index=values.index)

    def _data(self, table):
        """What the model's own functions take."""
        import numpy as np

        frame = self._frame(table)
        if self.schema is not None and self.schema.is_tensor_spec():
            only = self.schema.inputs[0]
            matrix = frame.to_numpy(dtype=only.type)
            return {only.name: matrix} if self.schema.has_input_names() else matrix
        if self.schema is not None and not self.schema.has_input_names():
            frame.columns = range(len(frame.columns))
        if self.spec["kind"] == "mlflow" or getattr(self.model, "feature_names_in_", None) is not None:
            return frame
        return frame if any(frame[name].dtype == np.dtype(object) for name in frame.columns) else frame.to_numpy()

    def raw(self, table):
        """What the model says: the answers [rows, width] as float64, and its classes where it names them."""
        data = self._data(table)
        rows = len(table)
        if self.regression:
            return numbers_of(self.door.predict(data), rows, self.spec), None
        if hasattr(self.model, "predict_proba"):
            return numbers_of(self.model.predict_proba(data), rows, self.spec), list(getattr(self.model, "classes_", [])) or None
        answer = numbers_of(self.door.predict(data), rows, self.spec)
        if answer.shape[1] == 1 and len(self.spec["classes"]) == 2:
            import numpy as np

            answer = np.hstack([1 - answer, answer])
        return answer, None

    def predict(self, model_input, params=None):
        import numpy as np

        answer, _ = self.raw(model_input)
        if self.regression:
            return {"prediction": answer}
        probabilities = answer[:, self.spec["order"]]
        classes = np.array(self.spec["classes"], dtype=object)
        return {"label": classes[np.argmax(probabilities, axis=1)].reshape(-1, 1), "probabilities": probabilities}


def raw_model(door):
    """The object that MLflow's model stands for; the model itself where it shows none."""
    try:
        return door.get_raw_model()
    except Exception:  # Flavors without one say so in several ways.
        return door


def numbers_of(answer, rows, spec):
    """An answer as numbers [rows, width]."""
    import numpy as np

    if isinstance(answer, dict) and len(answer) == 1:
        (answer,) = answer.values()
    if hasattr(answer, "toarray"):
        answer = answer.toarray()
    try:
        found = np.asarray(answer)
        if found.dtype.kind in "OUSb" or (found.dtype.kind in "iu" and spec["task"] != "regression"):
            raise ValueError(f"it answers {found.reshape(-1)[:3].tolist()}")
        numbers = found.astype("float64")
    except (TypeError, ValueError) as error:
        if spec["task"] == "regression":
            raise WrongModel("training.model_signature", f"The model {spec['file']} gives no numbers: {error}")
        raise WrongModel("training.no_probabilities", f"The model {spec['file']} gives classes without probabilities ({error}); give one that has predict_proba, or ends with a softmax or a sigmoid")
    numbers = numbers.reshape(rows, -1) if rows > 0 and numbers.size % rows == 0 and numbers.size > 0 else numbers
    if numbers.ndim != 2 or numbers.shape[0] != rows:
        raise WrongModel("training.model_signature", f"The model {spec['file']} gives an answer of the shape {list(found.shape)} to {rows} rows; it must give one for each")
    if spec["task"] == "regression" and numbers.shape[1] != 1:
        raise WrongModel("training.model_signature", f"The model {spec['file']} gives {numbers.shape[1]} numbers for each row; a regression gives one")
    return numbers
