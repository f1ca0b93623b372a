#!/usr/bin/env bash
# skl2onnx 1.20.0 (scikit-learn 1.9.1, onnxruntime 1.32.0, onnx 1.23.2, protobuf 6.33.6, numpy 2.4.6) converts LinearDiscriminantAnalysis of two
# classes without a word, and the graph's probabilities are logistic(2 d) where scikit-learn's are logistic(d), d being the decision function: each is
# too near to 0 or 1 (0.58 becomes 0.65, 0.89 becomes 0.98). Labels are right, so an accuracy test shows nothing. With three classes all is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check skl2onnx==1.20.0 scikit-learn==1.9.1 onnxruntime==1.32.0 onnx==1.23.2 protobuf==6.33.6 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import numpy as np, onnxruntime
from skl2onnx import to_onnx
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

rng = np.random.default_rng(0)
X = rng.normal(size=(300, 3)).astype(np.float32)
noisy = X[:, 0] + rng.normal(size=300)


def both(classes):
    model = LinearDiscriminantAnalysis().fit(X, classes)
    session = onnxruntime.InferenceSession(to_onnx(model, X[:1], options={"zipmap": False}).SerializeToString())
    labels, probabilities = session.run(None, {"X": X})
    assert (labels == model.predict(X)).all()
    return model, probabilities


model, probabilities = both((noisy > 0).astype(int))
doubled = 1 / (1 + np.exp(-2 * model.decision_function(X)))
print("two classes: scikit-learn", np.round(model.predict_proba(X)[:4, 1], 3), "graph", np.round(probabilities[:4, 1], 3))
assert np.abs(probabilities[:, 1] - doubled).max() < 1e-5, "the graph no longer doubles the logit"
assert np.abs(probabilities - model.predict_proba(X)).max() > 0.1, "the graph is right now"
model, probabilities = both(np.digitize(noisy, [-1, 1]))
assert np.abs(probabilities - model.predict_proba(X)).max() < 1e-5
print("three classes: greatest difference", np.abs(probabilities - model.predict_proba(X)).max())
PY
