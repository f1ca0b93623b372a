"""A model of the field with what it is asked, and the tables that such models are trained on."""
import warnings
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from onnx import ModelProto

warnings.filterwarnings("ignore")


@dataclass
class Case:
    """One model. `feeds` are rows as ONNX Runtime gets them, by input; `sent` as clients write them, where that differs (None for a missing text)."""

    name: str
    family: str
    model: ModelProto | bytes
    feeds: dict[str, np.ndarray]
    sent: dict[str, list] = field(default_factory=dict)
    library: dict[str, np.ndarray] = field(default_factory=dict)
    """What the library that trained it answers, by output: labels equal, numbers within `tolerance` of the greatest."""
    tolerance: float = 1e-4
    releases: float = 2e-5
    """How far two releases of ONNX Runtime, that of Node and that of Python, are apart: other kernels may add in another order."""
    columns: list[str] | None = None
    """Names of the columns of its only matrix, for a signature beside it."""
    refused: str | None = None
    """A regular expression for the reason by which it is refused, where it is."""
    example: np.ndarray | None = None


ROWS = 9
rng = np.random.default_rng(7)
count = 160
X = rng.normal(size=(count, 4)).astype(np.float32)
y = (X @ np.array([3.0, -2.0, 1.0, 0.5]) + np.sin(X[:, 0]) + 10).astype(np.float64)
positive = np.exp(X[:, 0] / 2 + 1) + 0.1
two = np.where(X[:, 0] + X[:, 1] > 0, 1, 0)
words = np.where(two == 1, "yes", "no")
three = np.digitize(X[:, 0] + 0.3 * X[:, 2], [-0.5, 0.6])
colours = np.array(["red", "green", "blue"])[three]
asked = X[:ROWS]
table = pd.DataFrame({
    "city": rng.choice(["Oslo", "Bergen", "Bodø"], count),
    "kind": rng.choice(["a", "b", "c"], count),
    "age": X[:, 0] * 10 + 40,
    "size": X[:, 1],
}).astype({"city": object, "kind": object})
price = table["age"] * 0.5 + table["city"].map({"Oslo": 5.0, "Bergen": 2.0, "Bodø": -3.0}) + (table["kind"] == "a") * 4.0 + table["size"]
