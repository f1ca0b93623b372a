#!/usr/bin/env bash
# skl2onnx 1.20.0 (scikit-learn 1.9.1, onnxruntime 1.32.0, onnx 1.23.2, protobuf 6.33.6, numpy 2.4.6) converts SVC of two classes (no probabilities) to a
# graph whose two score columns are the wrong way round: the column of the class that is predicted holds the smaller score. The linear models of the
# same converter (SGDClassifier, Perceptron) have them the right way: column 1 is scikit-learn's decision function. Who takes the greatest column for
# the class is wrong in every row for SVC and right in every row for SGDClassifier; the labels themselves are right for both.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check skl2onnx==1.20.0 scikit-learn==1.9.1 onnxruntime==1.32.0 onnx==1.23.2 protobuf==6.33.6 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np, onnxruntime
from skl2onnx import to_onnx
from sklearn.linear_model import SGDClassifier
from sklearn.svm import SVC

X = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
classes = (X[:, 0] > 0).astype(int)
agree = {}
for model in (SVC(), SGDClassifier(random_state=0)):
    model.fit(X, classes)
    session = onnxruntime.InferenceSession(to_onnx(model, X[:1], options={"zipmap": False}).SerializeToString())
    labels, scores = session.run(None, {"X": X})
    assert (labels == model.predict(X)).all() and scores.shape == (300, 2)
    name = type(model).__name__
    agree[name] = float((scores.argmax(axis=1) == labels).mean())
    print(name, "label", labels[0], "decision function", round(float(model.decision_function(X)[0]), 3), "scores", np.round(scores[0], 3), "the greatest score is the label's in", agree[name], "of the rows")
assert agree == {"SVC": 0.0, "SGDClassifier": 1.0}, agree
PY
