"""Makes the models of Triton's tests in a folder: those that its own scripts make as ONNX, and ONNX or MLflow twins of those that are programs."""
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto as T, helper as h

generated = {
    "qa": ["gen_qa_models.py", "--onnx"],
    "variable": ["gen_qa_models.py", "--onnx", "--variable"],
    "identity": ["gen_qa_identity_models.py", "--onnx"],
    "scalar": ["gen_qa_ort_scalar_models.py"],
}


def make_models(triton, folder):
    for name, (script, *flags) in generated.items():
        (folder / name).mkdir(parents=True)
        command = [sys.executable, script, *flags, "--onnx_opset=0", f"--models_dir={folder / name}"]
        subprocess.run(command, cwd=triton / "qa/common", check=True, stdout=subprocess.DEVNULL)
    label_outputs(folder)
    twins = folder / "twins"
    batches, rows = ["batch", "n"], ["n"]
    save_onnx(twins, "simple_identity", T.STRING, batches)
    save_onnx(twins, "simple_identity_int64", T.INT64, batches)
    save_onnx(twins, "string_identity", T.STRING, rows)
    save_onnx(twins, "identity_fp32", T.FLOAT, batches)
    save_onnx(twins, "identity_bytes", T.STRING, batches)
    save_onnx(twins, "pt_identity", T.FLOAT, ["batch", 8])
    save_onnx(twins, "onnx_zero_1_float32_queue", T.FLOAT, batches)
    save_onnx(twins, "onnx_zero_1_object_1_element", T.STRING, ["batch", 1])
    save_nan_inf(twins)
    save_three_inputs(twins)
    save_slow_identity(twins / "custom_identity_int32")


def label_outputs(folder):
    """Writes the labels that a config.pbtxt names into the model itself, where the gateway looks for them."""
    for labels in folder.glob("*/*/output0_labels.txt"):
        classes = json.dumps({"classes": labels.read_text().split()})
        for file in labels.parent.glob("*/model.onnx"):
            model = onnx.load(file)
            h.set_model_props(model, {"labels": classes})
            onnx.save(model, file)


def save(folder, name, nodes, inputs, outputs, constants=()):
    graph = h.make_graph(nodes, name, inputs, outputs, constants)
    place = folder / name / "1"
    place.mkdir(parents=True)
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=8), place / "model.onnx")


def save_onnx(folder, name, kind, shape):
    value = lambda tensor: h.make_tensor_value_info(tensor, kind, shape)
    save(folder, name, [h.make_node("Identity", ["INPUT0"], ["OUTPUT0"])], [value("INPUT0")], [value("OUTPUT0")])


def save_nan_inf(folder):
    """Answers NaN, the two infinities, 1, 2, 3 whatever it is asked."""
    answer = onnx.numpy_helper.from_array(np.array([np.nan, np.inf, -np.inf, 1, 2, 3], np.float32), "answer")
    nodes = [h.make_node("Sub", ["INPUT0", "INPUT0"], ["zero"]), h.make_node("Add", ["answer", "zero"], ["OUTPUT0"])]
    save(folder, "nan_inf_output", nodes, [h.make_tensor_value_info("INPUT0", T.FLOAT, [1])], [h.make_tensor_value_info("OUTPUT0", T.FLOAT, [6])], [answer])


def save_three_inputs(folder):
    value = lambda tensor: h.make_tensor_value_info(tensor, T.FLOAT, ["n"])
    inputs = ["INPUT0", "INPUT1", "INPUT2"]
    save(folder, "input_all_required", [h.make_node("Sum", inputs, ["OUTPUT0"])], [value(name) for name in inputs], [value("OUTPUT0")])


def save_slow_identity(folder):
    """Answers after three seconds, as Triton's identity backend does when it is told to."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    import mlflow
    from mlflow.models import ModelSignature
    from mlflow.types import Schema, TensorSpec

    program = folder.parent / "slow_identity.py"
    program.write_text(slow_identity)
    tensor = lambda name: Schema([TensorSpec(np.dtype(np.int32), (-1, -1), name)])
    mlflow.pyfunc.save_model(folder, python_model=program, signature=ModelSignature(tensor("INPUT0"), tensor("OUTPUT0")), pip_requirements=["mlflow"])


slow_identity = '''
import time
import mlflow

class SlowIdentity(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        time.sleep(3)
        return {"OUTPUT0": model_input["INPUT0"]}

mlflow.models.set_model(SlowIdentity())
'''
