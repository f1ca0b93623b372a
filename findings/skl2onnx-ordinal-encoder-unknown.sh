#!/usr/bin/env bash
# skl2onnx 1.20.0 (scikit-learn 1.9.1, onnxruntime 1.32.0, onnx 1.23.2, protobuf 6.33.6, numpy 2.4.6) converts OrdinalEncoder with its defaults
# (handle_unknown="error") to a LabelEncoder with the default -1: where scikit-learn refuses a category that it was not fitted with, the graph answers
# -1 without a word, a number that no category has. OneHotEncoder of the same converter, with the same default, refuses as scikit-learn does.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check skl2onnx==1.20.0 scikit-learn==1.9.1 onnxruntime==1.32.0 onnx==1.23.2 protobuf==6.33.6 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np, onnxruntime
from skl2onnx import to_onnx
from skl2onnx.common.data_types import StringTensorType
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

onnxruntime.set_default_logger_severity(4)
cities, other = np.array([["Oslo"], ["Bergen"], ["Rome"]], object), np.array([["Paris"]], object)
answers = {}
for encoder in (OrdinalEncoder(), OneHotEncoder(sparse_output=False)):
    encoder.fit(cities)
    session = onnxruntime.InferenceSession(to_onnx(encoder, initial_types=[("city", StringTensorType([None, 1]))]).SerializeToString())
    name = type(encoder).__name__
    assert (session.run(None, {"city": cities})[0] == encoder.transform(cities)).all()
    for who, ask in (("scikit-learn", lambda: encoder.transform(other)), ("the graph", lambda: session.run(None, {"city": other})[0])):
        try:
            answers[name, who] = ask().tolist()
        except Exception as error:
            answers[name, who] = "refused"
        print(name, "of Paris,", who + ":", answers[name, who])
assert answers == {("OrdinalEncoder", "scikit-learn"): "refused", ("OrdinalEncoder", "the graph"): [[-1.0]], ("OneHotEncoder", "scikit-learn"): "refused", ("OneHotEncoder", "the graph"): "refused"}, answers
PY
