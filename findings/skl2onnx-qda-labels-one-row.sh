#!/usr/bin/env bash
# skl2onnx 1.20.0 (scikit-learn 1.9.1, onnxruntime 1.32.0, onnx 1.23.2, protobuf 6.33.6, numpy 2.4.6) converts QuadraticDiscriminantAnalysis to a graph
# whose labels have the shape [1, n] instead of [n]: to 8 rows it answers one row of 8 labels, next to 8 rows of probabilities. A server that splits
# a batch by its first dimension gives all labels to the first request and none to the others; with one row asked, the number of rows is right. The
# labels of GaussianNB have the shape [n].
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check skl2onnx==1.20.0 scikit-learn==1.9.1 onnxruntime==1.32.0 onnx==1.23.2 protobuf==6.33.6 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np, onnxruntime
from skl2onnx import to_onnx
from sklearn.discriminant_analysis import QuadraticDiscriminantAnalysis
from sklearn.naive_bayes import GaussianNB

X = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
classes = np.digitize(X[:, 0], [-1, 1])
shapes = {}
for model in (QuadraticDiscriminantAnalysis(), GaussianNB()):
    model.fit(X, classes)
    session = onnxruntime.InferenceSession(to_onnx(model, X[:1], options={"zipmap": False}).SerializeToString())
    for rows in (1, 8):
        labels, probabilities = session.run(None, {"X": X[:rows]})
        shapes[type(model).__name__, rows] = labels.shape
        assert probabilities.shape == (rows, 3)
        print(type(model).__name__, "rows asked", rows, "labels", labels.shape, "probabilities", probabilities.shape)
assert shapes == {("QuadraticDiscriminantAnalysis", 1): (1, 1), ("QuadraticDiscriminantAnalysis", 8): (1, 8), ("GaussianNB", 1): (1,), ("GaussianNB", 8): (8,)}, shapes
PY
