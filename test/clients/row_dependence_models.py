"""Graphs whose rows depend on each other or do not, with what onnxruntime says of them; and models that its quantizer made.

Into FOLDER/cases: the node cases of ONNX's backend tests with the first dimension of all inputs, or of one, left open (the others become constants); those that
onnxruntime answers otherwise together than alone (with outliers, in another order, with equal rows) are listed by name in the JSON that is printed last.
Into FOLDER/int8: float models and what quantize_dynamic makes of them.
"""
import json
import logging
import os
import warnings
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper
from onnx.backend.test.case.node import collect_testcases
from onnxruntime.quantization import QuantType, quantize_dynamic

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)
onnxruntime.set_default_logger_severity(4)
folder = Path(os.environ["FOLDER"])
(folder / "cases").mkdir()
(folder / "int8").mkdir()

# ONNX Runtime never comes back from an inverse DFT whose length is made up.
ENDLESS = {"test_dft_irfft"}


def opened(case, which):
    """The model of a case with these inputs open along their first dimension and the others constant, and the values of those that are open."""
    model = onnx.ModelProto()
    model.CopyFrom(case.model)
    arrays = case.data_sets[0][0]
    given = {}
    for at in reversed(range(len(arrays))):
        value = model.graph.input[at]
        if at in which:
            dim = value.type.tensor_type.shape.dim[0]
            dim.Clear()
            dim.dim_param = "N"
            given[value.name] = arrays[at]
        else:
            model.graph.initializer.append(numpy_helper.from_array(arrays[at], value.name))
            del model.graph.input[at]
    for output in model.graph.output:
        if output.type.HasField("tensor_type"):
            output.type.tensor_type.ClearField("shape")
    del model.graph.value_info[:]
    return model, given


def variants(case):
    if case.model is None or case.name in ENDLESS or not case.data_sets:
        return
    arrays = case.data_sets[0][0]
    inputs = case.model.graph.input
    if not arrays or len(arrays) != len(inputs) or not all(isinstance(array, np.ndarray) for array in arrays):
        return
    ways = {"all": list(range(len(arrays)))}
    if len(arrays) > 1:
        ways |= {"first": [0], "second": [1]}
    for way, which in ways.items():
        if any(arrays[at].ndim == 0 or len(inputs[at].type.tensor_type.shape.dim) == 0 for at in which):
            continue
        if len({arrays[at].shape[0] for at in which}) == 1 and arrays[which[0]].shape[0] > 0:
            yield way, which


def tried(given, turn):
    """Rows of the case: as they are, with an outlier, turned around, with one of them twice."""
    feeds = {}
    for name, value in given.items():
        value = np.concatenate([value] * 3) if len(value) == 1 else value.copy()
        if value.dtype.kind == "f" and turn in (1, 3):
            value[len(value) // 2] = (value[len(value) // 2].astype(np.float64) * 1000).astype(value.dtype)
        feeds[name] = value[::-1].copy() if turn == 2 else np.concatenate([value, value[:1]]) if turn == 3 else value
    return feeds


def mixes(session, feeds):
    count = len(next(iter(feeds.values())))
    together = session.run(None, feeds)
    alone = [session.run(None, {name: value[row : row + 1] for name, value in feeds.items()}) for row in range(count)]
    for at, whole in enumerate(together):
        if not isinstance(whole, np.ndarray) or whole.ndim == 0 or whole.shape[0] != count or any(one[at].shape != (1, *whole.shape[1:]) for one in alone):
            return True
        parts = np.concatenate([one[at] for one in alone])
        if whole.dtype.kind in "fc":
            if not np.allclose(whole.astype(np.float64), parts.astype(np.float64), rtol=2e-3, atol=1e-5, equal_nan=True):
                return True
        elif not np.array_equal(whole, parts):
            return True
    return False


mixing = []
for case in collect_testcases(None):
    for way, which in variants(case):
        name = f"{case.name}-{way}"
        model, given = opened(case, which)
        (folder / "cases" / f"{name}.onnx").write_bytes(model.SerializeToString())
        try:
            session = onnxruntime.InferenceSession(model.SerializeToString())
        except Exception:
            continue  # of an operator that it has not: nothing to compare with
        for turn in range(4):
            try:
                if mixes(session, tried(given, turn)):
                    mixing.append(name)
                    break
            except Exception:
                continue  # rows that the operator does not take


def layered(name, sizes, last):
    rng = np.random.default_rng(9)
    nodes, constants, value = [], [], "x"
    for at, (inner, outer) in enumerate(zip(sizes, sizes[1:])):
        constants.append(numpy_helper.from_array((rng.normal(size=(inner, outer)) * 0.2).astype(np.float32), f"w{at}"))
        nodes.append(helper.make_node("MatMul", [value, f"w{at}"], [f"m{at}"]))
        value = f"m{at}"
        if at < len(sizes) - 2:
            nodes.append(helper.make_node("Relu", [value], [f"r{at}"]))
            value = f"r{at}"
    nodes.append(helper.make_node(last, [value], ["y"]))
    write(name, nodes, helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", sizes[0]]), constants)


def write(name, nodes, given, constants):
    graph = helper.make_graph(nodes, name, [given], [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", None])], constants)
    file = folder / "int8" / f"{name}.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), file)
    quantize_dynamic(str(file), str(folder / "int8" / f"{name}-int8.onnx"), weight_type=QuantType.QInt8)


layered("linear", [100, 1], "Identity")
layered("soft", [100, 3], "Softmax")
layered("perceptron", [100, 64, 3], "Softmax")
print(json.dumps({"mixing": mixing}))
