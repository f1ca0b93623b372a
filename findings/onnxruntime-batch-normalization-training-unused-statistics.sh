#!/usr/bin/env bash
# onnxruntime 1.32.0 (onnx 1.23.2, protobuf 6.33.6, numpy 2.4.6) answers BatchNormalization(training_mode=1) wrongly once graph optimisations are on
# (ORT_ENABLE_BASIC and above, the default) and nobody takes its second and third output, the running mean and variance: it normalizes by the running
# statistics that went in, as in inference, not by those of the batch. Without optimisations, or with the statistics among the graph's outputs, it is
# right. The graph is valid ONNX (operator set 17; the two outputs are named and not used further).
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 protobuf==6.33.6 numpy==2.4.6
"$folder/venv/bin/python" - <<'PY'
import numpy as np, onnx, onnxruntime
from onnx import TensorProto as T, helper as h, numpy_helper

X = np.array([[1, 2], [3, 4], [5, 12]], np.float32)
right = (X - X.mean(0)) / np.sqrt(X.var(0) + 1e-5)
constants = [numpy_helper.from_array(np.array(values, np.float32), name) for name, values in {"scale": [1, 1], "bias": [0, 0], "mean": [0, 0], "variance": [1, 1]}.items()]
node = h.make_node("BatchNormalization", ["X", "scale", "bias", "mean", "variance"], ["Y", "new_mean", "new_variance"], training_mode=1)
off = {}
for outputs in (["Y"], ["Y", "new_mean", "new_variance"]):
    graph = h.make_graph([node], "g", [h.make_tensor_value_info("X", T.FLOAT, ["N", 2])], [h.make_tensor_value_info(name, T.FLOAT, ["N", 2] if name == "Y" else [2]) for name in outputs], constants)
    model = h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    for level in ("ORT_DISABLE_ALL", "ORT_ENABLE_BASIC", "ORT_ENABLE_ALL"):
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = getattr(onnxruntime.GraphOptimizationLevel, level)
        answer = onnxruntime.InferenceSession(model.SerializeToString(), options).run(["Y"], {"X": X})[0]
        off[len(outputs), level] = float(np.abs(answer - right).max())
        print("outputs", outputs, level, "first row", answer[0], "right", right[0])
assert off[1, "ORT_ENABLE_BASIC"] > 1 and off[1, "ORT_ENABLE_ALL"] > 1, off
assert max(off[1, "ORT_DISABLE_ALL"], *(value for (outputs, _), value in off.items() if outputs == 3)) < 1e-4, off
PY
