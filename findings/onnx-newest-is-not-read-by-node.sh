#!/usr/bin/env bash
# onnx 1.23.2 (PyPI) makes models of IR version 14 unless told otherwise, onnxruntime 1.32.0 (PyPI) loads them, and onnxruntime-node 1.30.0, the newest of
# npm in November 2026, refuses them: "Unsupported model IR version: 14, max supported IR version: 13". The same graph with ir_version=13 and operator
# set 26 is loaded by both. Who makes a model with onnx.helper and serves it with Node has to name both versions.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check onnx==1.23.2 onnxruntime==1.32.0 protobuf==6.33.6 numpy==2.4.6
cd "$folder"
"$folder/venv/bin/python" - <<'PY'
import onnx, onnxruntime
from onnx import TensorProto, helper

graph = helper.make_graph([helper.make_node("Relu", ["X"], ["Y"])], "g", *[[helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N"])] for name in "XY"])
for name, model in (("usual", helper.make_model(graph)), ("older", helper.make_model(graph, ir_version=13, opset_imports=[helper.make_opsetid("", 26)]))):
    onnxruntime.InferenceSession(model.SerializeToString())
    onnx.save(model, f"{name}.onnx")
    print(name, "IR version", model.ir_version, "operator set", model.opset_import[0].version, "is loaded in Python")
PY
npm init --yes >/dev/null
ONNXRUNTIME_NODE_INSTALL=skip npm install --silent --no-audit --no-fund --ignore-scripts onnxruntime-node@1.30.0
cat > load.cjs <<'JS'
const { InferenceSession } = require("onnxruntime-node");
const load = (name) => InferenceSession.create(`${name}.onnx`, { logSeverityLevel: 4 }).then(() => "loaded", (error) => /Unsupported model IR version.*/.exec(error.message)?.[0] ?? error.message);
(async () => {
  const said = { usual: await load("usual"), older: await load("older") };
  console.log("onnxruntime-node 1.30.0:", said);
  if (said.older !== "loaded" || !/IR version: 14, max supported IR version: 13/.test(said.usual)) process.exit(1);
})();
JS
node load.cjs
