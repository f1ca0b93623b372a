"""Tensors as the gateway sends them, as NumPy arrays, and what a model answers as tensors; used by serve_pyfunc.py."""
import json
import struct

DATATYPES = {
    "BOOL": "?", "UINT8": "u1", "UINT16": "u2", "UINT32": "u4", "UINT64": "u8", "INT8": "i1", "INT16": "i2", "INT32": "i4",
    "INT64": "i8", "FP16": "f2", "FP32": "f4", "FP64": "f8",
}
UNNAMED_OUTPUT = "output"


class BadRequest(Exception):
    """The request is at fault, not the model."""


def read_tensor(spec, body, at):
    import numpy as np

    end = at + spec["bytes"]
    if spec["datatype"] == "BYTES":
        values = []
        while at < end:
            (length,) = struct.unpack_from("<I", body, at)
            values.append(body[at + 4 : at + 4 + length])
            at += 4 + length
        array = np.empty(len(values), dtype=object)
        array[:] = values
    elif spec["datatype"] == "BF16":
        raw = np.frombuffer(body, "<u2", offset=at, count=spec["bytes"] // 2)
        array = (raw.astype("<u4") << 16).view("<f4")
    else:
        dtype = np.dtype("<" + DATATYPES[spec["datatype"]])
        # A copy: models may write into what they are given.
        array = np.frombuffer(body, dtype, offset=at, count=spec["bytes"] // dtype.itemsize).copy()
    return array.reshape(spec["shape"]), end


def read_tensors(specs, body):
    tensors, at = {}, 0
    for spec in specs:
        tensors[spec["name"]], at = read_tensor(spec, body, at)
    return tensors


def texts(array, where):
    """Elements of a BYTES tensor as strings; a missing one, which travels as no bytes, as None."""
    import numpy as np

    found = np.empty(array.size, dtype=object)
    try:
        found[:] = [value.decode() if value else None for value in array.reshape(-1)]
    except UnicodeDecodeError as error:
        raise BadRequest(f'inputs "{where}" has bytes that are no UTF-8 text: {error}')
    return found.reshape(array.shape)


def write_tensor(name, array):
    """The head and the bytes of an array; datatypes that the protocol lacks become the nearest that holds them, or text."""
    import numpy as np

    array = np.asarray(array)
    if array.dtype.kind == "M":
        array = np.where(np.isnat(array), "", np.datetime_as_string(array)).astype(object)
    if array.dtype.kind == "O":
        array = plain(array)
    if array.dtype.kind in "OUS":
        elements = [to_bytes(value) for value in array.reshape(-1).tolist()]
        data = b"".join(struct.pack("<I", len(element)) + element for element in elements)
        datatype = "BYTES"
    else:
        if array.dtype.kind in "mc" or array.dtype.itemsize > 8:
            array = array.astype("f8")
        code = "?" if array.dtype.kind == "b" else f"{array.dtype.kind}{array.dtype.itemsize}"
        datatype = next(known for known, its in DATATYPES.items() if its == code)
        data = np.ascontiguousarray(array, array.dtype.newbyteorder("<")).tobytes()
    return {"name": name, "datatype": datatype, "shape": list(array.shape), "bytes": len(data)}, data


def plain(array):
    """An array of objects as numbers or booleans where all its elements are; missing ones among numbers become NaN."""
    import numpy as np
    import pandas as pd

    values = array.reshape(-1)
    missing = np.array([is_missing(value) for value in values], dtype=bool)
    kinds = {type(value) for value in values[~missing]}
    if kinds and all(issubclass(kind, (bool, np.bool_)) for kind in kinds) and not missing.any():
        return array.astype(bool)
    number = (int, float, np.integer, np.floating)
    if kinds and all(issubclass(kind, number) and not issubclass(kind, bool) for kind in kinds):
        if missing.any() or any(issubclass(kind, (float, np.floating)) for kind in kinds):
            return np.array([np.nan if lost else float(value) for value, lost in zip(values, missing)]).reshape(array.shape)
        return array.astype("i8")
    if len(values) > 0 and missing.all() and not any(value is None or value is pd.NaT for value in values):
        return np.full(array.shape, np.nan)
    return array


def is_missing(value):
    import pandas as pd

    return value is None or value is pd.NA or value is pd.NaT or (isinstance(value, float) and value != value)


def to_bytes(value):
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    if isinstance(value, str):
        return value.encode()
    if is_missing(value):
        return b""
    if hasattr(value, "isoformat"):
        return value.isoformat().encode()
    return to_json(value).encode()


def to_json(value):
    from mlflow.utils.proto_json_utils import NumpyEncoder

    return json.dumps(value, cls=NumpyEncoder)


def answer_tensors(answer, names):
    """What a model answered as named arrays; `names` are those of the signature's outputs, where it has any."""
    import numpy as np
    import pandas as pd

    first = names[0] if len(names) == 1 else UNNAMED_OUTPUT
    if hasattr(answer, "model_dump"):
        answer = answer.model_dump()
    if hasattr(answer, "toarray"):
        answer = answer.toarray()
    if isinstance(answer, pd.DataFrame):
        return [(str(name), column_array(answer[name])) for name in answer.columns] if answer.columns.is_unique else [(first, answer.to_numpy())]
    if isinstance(answer, pd.Series):
        return [(first if answer.name is None else str(answer.name), column_array(answer))]
    if isinstance(answer, dict):
        return [(str(name), list_array(value)) for name, value in answer.items()]
    if isinstance(answer, tuple) and answer and all(isinstance(part, np.ndarray) for part in answer):
        usual = [f"{UNNAMED_OUTPUT}_{index}" for index in range(len(answer))]
        return list(zip(names if len(names) == len(answer) else usual, answer))
    if isinstance(answer, (list, tuple)) and answer and all(isinstance(row, dict) for row in answer):
        keys = list(answer[0])
        simple = all(list(row) == keys and all(is_simple(value) for value in row.values()) for row in answer)
        if simple and keys:
            return [(str(key), list_array([row[key] for row in answer]).reshape(-1, 1)) for key in keys]
    return [(first, list_array(answer))]


def is_simple(value):
    import numpy as np

    return value is None or isinstance(value, (str, bytes, bool, int, float, np.generic))


def column_array(series):
    import pandas as pd

    if isinstance(series.dtype, pd.DatetimeTZDtype):
        series = series.astype(object)  # each with its zone
    array = series.to_numpy()
    return array.reshape(-1, 1) if array.ndim == 1 else array


def list_array(value):
    """Lists, scalars and arrays of any library as an array of at least one dimension; what is ragged as one JSON text per row."""
    import numpy as np

    if isinstance(value, (dict, bytes, str)) or value is None:
        array = np.empty(1, dtype=object)
        array[0] = value
        return array
    if isinstance(value, (list, tuple)) and any(isinstance(row, (dict, str, bytes)) or row is None for row in value):
        array = np.empty(len(value), dtype=object)
        array[:] = list(value)
        return array
    try:
        array = np.asarray(value)
    except ValueError:
        array = np.empty(len(value), dtype=object)
        array[:] = list(value)
    return array.reshape(1) if array.ndim == 0 else array
