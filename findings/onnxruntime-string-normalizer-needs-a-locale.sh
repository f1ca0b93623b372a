#!/usr/bin/env bash
# onnxruntime 1.32.0 (onnx 1.23.2, protobuf 6.33.6, numpy 2.4.6) cannot load a graph with StringNormalizer(case_change_action="LOWER"), which skl2onnx
# writes for text vectorizers, on a Linux that has no locale en_US.UTF-8 (Debian's and Python's images have C.UTF-8 alone): "Failed to construct locale
# with name:en_US.UTF-8". The operator's default locale is not the system's, and ASCII texts need none. The attribute locale="C" loads and does not
# touch letters beyond ASCII. LOCPATH stands for such a machine here.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/python" -m pip install --quiet --disable-pip-version-check onnxruntime==1.32.0 onnx==1.23.2 protobuf==6.33.6 numpy==2.4.6
mkdir "$folder/no-locales"
LOCPATH="$folder/no-locales" "$folder/venv/bin/python" - <<'PY'
import numpy as np, onnxruntime
from onnx import TensorProto as T, helper as h

onnxruntime.set_default_logger_severity(4)
said = {}
for locale in (None, "C"):
    node = h.make_node("StringNormalizer", ["X"], ["Y"], case_change_action="LOWER", is_case_sensitive=1, **({"locale": locale} if locale else {}))
    model = h.make_model(h.make_graph([node], "g", *[[h.make_tensor_value_info(name, T.STRING, ["N"])] for name in "XY"]), opset_imports=[h.make_opsetid("", 17)], ir_version=8)
    try:
        said[locale] = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"X": np.array(["Oslo", "BODØ"], object)})[0].tolist()
    except Exception as error:
        said[locale] = str(error)
    print("locale", locale, "->", said[locale])
assert "Failed to construct locale with name:en_US.UTF-8" in said[None], said
assert said["C"] == ["oslo", "bodØ"], said
PY
