"""Runs TensorFlow Serving's own tensorflow_model_server_test.py against the gateway.

TFSERVING is a clone of github.com/tensorflow/serving; this Python has tensorflow-cpu, tensorflow-serving-api, grpcio, portpicker and six.
Their SavedModels are replaced by the ONNX twins of src/serving/gateway/fixtures. Arguments go to their test (a test's name, for one).
"""
import os
import runpy
import shutil
import sys
import tempfile
from pathlib import Path

import tensorflow_serving

here = Path(__file__).resolve().parent
fixtures = here.parents[2] / "src/serving/gateway/fixtures"
source = Path(os.environ["TFSERVING"]) / "tensorflow_serving"

root = Path(tempfile.mkdtemp(prefix="millrace-tfs-"))
tree = root / "tf_serving/tensorflow_serving"
testdata = tree / "servables/tensorflow/testdata"
testdata.mkdir(parents=True)
(tree / "model_servers").mkdir()
(tree / "model_servers/tensorflow_model_server").symlink_to(here / "tensorflow_model_server")
twins = {"saved_model_half_plus_two_cpu": "half_plus_two", "saved_model_half_plus_two_tf2_cpu": "half_plus_two", "saved_model_half_plus_three": "half_plus_three"}
for name, twin in twins.items():
    (testdata / name / "00000123").mkdir(parents=True)
    shutil.copy(fixtures / f"{twin}.onnx", testdata / name / "00000123/model.onnx")
for name in ("good_model_config.txt", "bad_model_config.txt", "monitoring_config.txt", "batching_config.txt", "half_plus_two_model_metadata.json"):
    shutil.copy(source / "servables/tensorflow/testdata" / name, testdata)

os.environ["TEST_SRCDIR"] = str(root)
tensorflow_serving.__path__.append(str(source))
try:
    runpy.run_path(str(source / "model_servers/tensorflow_model_server_test.py"), run_name="__main__")
finally:
    shutil.rmtree(root)
