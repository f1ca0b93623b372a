"""The columns that a model takes: what is known of each, and how rows become what the model and the graph take."""

import math

import numpy
import pandas

from conversion.refused import Refused

KINDS = {"string": "text", "boolean": "boolean", "integer": "integer", "long": "integer", "float": "float", "double": "float"}
DTYPES = {"boolean": "bool", "integer": "int32", "long": "int64", "float": "float32", "double": "float64"}


class Column:
    """One column: its kind ("float", "integer", "boolean", "text"), NumPy's type, and the values of the example."""

    def __init__(self, name, kind, dtype, values):
        self.name, self.kind, self.dtype, self.values = name, kind, dtype, values


def columns_of(model, declared, example):
    """The columns of the signature, else of the example, else as many numbers as the model has features."""
    width = example.shape[1] if example is not None and len(example.shape) == 2 else getattr(model, "n_features_in_", None)
    if declared:
        missing = [column["name"] for column in declared if example is not None and column["name"] not in example]
        if missing:
            raise Refused(f"The input example lacks the column {missing[0]!r} of the signature")
        return [Column(one["name"], *kind_of(one), [] if example is None else plain(example[one["name"]].tolist())) for one in declared]
    if width is None:
        raise Refused("Nothing says how many features the model takes: log it with a signature or an input example")
    names = list(example.columns) if isinstance(example, pandas.DataFrame) else [f"feature {index}" for index in range(width)]
    if example is None:
        return [Column(name, "float", "float64", []) for name in names]
    values = [plain(example[name].tolist()) for name in names] if isinstance(example, pandas.DataFrame) else [plain(example[:, index].tolist()) for index in range(width)]
    return [Column(name, *kind_seen(one), one) for name, one in zip(names, values)]


def kind_of(declared):
    if declared["type"] not in KINDS:
        raise Refused(f"The column {declared['name']!r} is of type {declared['type']}, which has no place in an ONNX graph of a tabular model")
    return KINDS[declared["type"]], DTYPES.get(declared["type"])


def kind_seen(values):
    if any(isinstance(value, str) for value in values):
        return "text", None
    if values and all(isinstance(value, bool) for value in values):
        return "boolean", "bool"
    if values and all(isinstance(value, int) for value in values):
        return "integer", "int64"
    return "float", "float64"


def plain(values):
    """Python's own values; what is missing is NaN in numbers and None in text."""
    return [value.item() if isinstance(value, numpy.generic) else value for value in values]


def missing(value):
    return value is None or (isinstance(value, float) and math.isnan(value))


def frame_of(columns, rows, named):
    """Rows as the model takes them: a DataFrame with the types of the columns, or one array."""
    if not named:
        dtype = "int64" if all(column.kind == "integer" for column in columns) else "float64"
        return numpy.array(rows, dtype=dtype).reshape(len(rows), len(columns))
    series = {}
    for index, column in enumerate(columns):
        values = [row[index] for row in rows]
        exact = column.dtype is not None and not (column.dtype.startswith("float") is False and any(missing(value) for value in values))
        series[column.name] = pandas.Series([None if missing(value) else value for value in values] if column.kind == "text" else values, dtype=column.dtype if exact else None)
    return pandas.DataFrame(series)


def as_float32(columns, rows):
    """The rows with the numbers that a float32 input of a graph gets; integers stay what they are."""
    floats = [index for index, column in enumerate(columns) if column.kind == "float"]
    rounded = [list(row) for row in rows]
    with numpy.errstate(over="ignore"):
        for row in rounded:
            for index in floats:
                row[index] = float("nan") if row[index] is None else float(numpy.float32(row[index]))
    return rounded


def encoded(value):
    """A value for JSON, which has no NaN, no infinity, and no integers beyond 2^53 for JavaScript."""
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**53:
        return str(value)
    return value


def feeds_of(columns, rows, matrix):
    """The rows as inputs of the graph, by name."""
    if matrix:
        return {"input": {"type": "float32", "rows": [[encoded(value) for value in row] for row in rows]}}
    types = {"float": "float32", "integer": "int64", "boolean": "bool", "text": "string"}
    return {
        column.name: {"type": types[column.kind], "rows": [["" if column.kind == "text" and missing(row[index]) else encoded(row[index])] for row in rows]}
        for index, column in enumerate(columns)
    }
