#!/usr/bin/env bash
# onnxmltools 1.16.0 (xgboost 3.2.0, onnxruntime 1.32.0, onnx 1.23.2, protobuf 6.33.6, scikit-learn 1.9.1, pandas 2.3.3, numpy 2.4.6) takes the NAME of
# a column for its position when an XGBoost model was trained on a DataFrame: "f2" is read as the third column wherever it stands, without a word. A
# table with the columns f2, f0, f1 (selected or sorted by importance, say) gives a graph that looks at other columns; columns named age or city are
# refused with an error, and f0, f1, f2 in this order are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check onnxmltools==1.16.0 xgboost==3.2.0 skl2onnx==1.20.0 scikit-learn==1.9.1 onnxruntime==1.32.0 onnx==1.23.2 protobuf==6.33.6 pandas==2.3.3 numpy==2.4.6
"$folder/venv/bin/python" -W ignore - <<'PY'
import numpy as np, onnxruntime, pandas as pd
from onnxmltools import convert_xgboost
from onnxmltools.convert.common.data_types import FloatTensorType
from xgboost import XGBRegressor

values = np.random.default_rng(0).normal(size=(300, 3)).astype(np.float32)
truth = 2 * values[:, 0] + values[:, 1]
differences = {}
for names in (["f0", "f1", "f2"], ["f2", "f0", "f1"]):
    table = pd.DataFrame(values, columns=names)
    model = XGBRegressor(n_estimators=10).fit(table, truth)
    graph = convert_xgboost(model, initial_types=[("input", FloatTensorType([None, 3]))])
    answers = onnxruntime.InferenceSession(graph.SerializeToString()).run(None, {"input": values})[0].ravel()
    differences[names[0]] = float(np.abs(answers - model.predict(table)).max())
    print("columns", names, "greatest difference", differences[names[0]], "of predictions up to", float(np.abs(model.predict(table)).max()))
assert differences["f0"] < 1e-5 and differences["f2"] > 1, differences
try:
    model = XGBRegressor(n_estimators=2).fit(pd.DataFrame(values, columns=["age", "height", "weight"]), truth)
    convert_xgboost(model, initial_types=[("input", FloatTensorType([None, 3]))])
    raise SystemExit("other names are taken now")
except RuntimeError as error:
    print("other names:", error)
PY
