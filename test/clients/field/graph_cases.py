"""Graphs made by hand, as exporters of neural networks make them, and quantized ones."""
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, quantize_dynamic, quantize_static

from case import ROWS, Case, X, asked, rng


def info(name, kind, shape):
    return h.make_tensor_value_info(name, kind, shape)


def const(name, values, kind=np.float32):
    return numpy_helper.from_array(np.asarray(values, kind), name)


def graph(nodes, inputs, outputs, constants=(), opsets=(("", 17), ("ai.onnx.ml", 3))):
    return h.make_model(h.make_graph(nodes, "g", inputs, outputs, list(constants)), opset_imports=[h.make_opsetid(*one) for one in opsets], ir_version=8)


W1, W2 = (rng.uniform(-0.5, 0.5, shape).astype(np.float32) for shape in ((4, 16), (16, 3)))


def mlp(batch="batch"):
    nodes = [h.make_node("Gemm", ["x", "W1"], ["hidden"]), h.make_node("Relu", ["hidden"], ["active"]), h.make_node("MatMul", ["active", "W2"], ["logits"]), h.make_node("Softmax", ["logits"], ["probs"], axis=-1)]
    return graph(nodes, [info("x", T.FLOAT, [batch, 4])], [info("probs", T.FLOAT, [batch, 3])], [const("W1", W1), const("W2", W2)])


def by_hand():
    family = "graphs by hand"
    yield Case("mlp", family, mlp(), {"x": asked}, columns=["a", "b", "c", "d"])
    yield Case("mlp_batch_of_one", family, mlp(1), {"x": asked[:1]}, columns=["a", "b", "c", "d"])
    image = rng.normal(size=(ROWS, 1, 6, 6)).astype(np.float32)
    kernel, dense = rng.normal(size=(2, 1, 3, 3)), rng.normal(size=(32, 3))
    nodes = [h.make_node("Conv", ["image", "K"], ["c"]), h.make_node("Relu", ["c"], ["r"]), h.make_node("Flatten", ["r"], ["f"]), h.make_node("MatMul", ["f", "W"], ["scores"])]
    yield Case("convolution", family, graph(nodes, [info("image", T.FLOAT, ["N", 1, 6, 6])], [info("scores", T.FLOAT, ["N", 3])], [const("K", kernel), const("W", dense)]), {"image": image})
    table = rng.normal(size=(20, 4)).astype(np.float32)
    nodes = [h.make_node("Gather", ["table", "ids"], ["e"]), h.make_node("ReduceMean", ["e"], ["mean"], axes=[1], keepdims=0)]
    ids = rng.integers(0, 20, (ROWS, 5))
    yield Case("embedding", family, graph(nodes, [info("ids", T.INT64, ["N", 5])], [info("mean", T.FLOAT, ["N", 4])], [const("table", table)]), {"ids": ids})
    nodes = [h.make_node("Where", ["ok", "a", "b"], ["y"])]
    feeds = {"ok": rng.integers(0, 2, (ROWS, 1)).astype(bool), "a": rng.normal(size=(ROWS, 1)), "b": rng.normal(size=(ROWS, 1))}
    yield Case("truth_and_doubles", family, graph(nodes, [info("ok", T.BOOL, ["N", 1]), info("a", T.DOUBLE, ["N", 1]), info("b", T.DOUBLE, ["N", 1])], [info("y", T.DOUBLE, ["N", 1])]), feeds)
    yield Case("any_rank", family, graph([h.make_node("MatMul", ["X", "W"], ["Y"])], [info("X", T.FLOAT, None)], [info("Y", T.FLOAT, None)], [const("W", W1)]), {"X": asked})
    yield Case("open_width", family, graph([h.make_node("MatMul", ["X", "W"], ["Y"])], [info("X", T.FLOAT, ["N", "K"])], [info("Y", T.FLOAT, ["N", 16])], [const("W", W1)]), {"X": asked}, columns=["a", "b", "c", "d"])
    words = np.array([["a"], ["b"], [""], ["c"], ["a"], ["b"], ["x"], ["c"], ["a"]], object)
    nodes = [h.make_node("LabelEncoder", ["word"], ["code"], domain="ai.onnx.ml", keys_strings=["a", "b", "c"], values_int64s=[1, 2, 3], default_int64=-1)]
    yield Case("label_encoder", family, graph(nodes, [info("word", T.STRING, ["N", 1])], [info("code", T.INT64, ["N", 1])]), {"word": words})
    body = h.make_graph([h.make_node("Mul", ["v", "half"], ["next"]), h.make_node("Identity", ["go"], ["goes"])], "body", [info("i", T.INT64, []), info("go", T.BOOL, []), info("v", T.FLOAT, None)],
                        [info("goes", T.BOOL, []), info("next", T.FLOAT, None)], [const("half", 0.5)])
    nodes = [h.make_node("Loop", ["turns", "yes", "X"], ["Y"], body=body)]
    yield Case("loop", family, graph(nodes, [info("X", T.FLOAT, ["N", 4])], [info("Y", T.FLOAT, ["N", 4])], [const("turns", 3, np.int64), const("yes", True, np.bool_)]), {"X": asked})
    nodes = [h.make_node("ReduceMean", ["X"], ["mean"], axes=[0]), h.make_node("Sub", ["X", "mean"], ["Y"])]
    yield Case("rows_less_their_mean", family, graph(nodes, [info("X", T.FLOAT, ["N", 4])], [info("Y", T.FLOAT, ["N", 4])]), {"X": asked}, columns=["a", "b", "c", "d"])
    nodes = [h.make_node("ReduceMax", ["X"], ["most"], axes=[1], keepdims=0), h.make_node("Greater", ["most", "zero"], ["kept"]), h.make_node("Compress", ["X", "kept"], ["Y"], axis=0)]
    yield Case("rows_left_out", family, graph(nodes, [info("X", T.FLOAT, ["N", 4])], [info("Y", T.FLOAT, ["K", 4])], [const("zero", 0)]), {"X": asked})
    nodes = [h.make_node("SequenceConstruct", ["X", "X"], ["S"])]
    yield Case("sequence", family, graph(nodes, [info("X", T.FLOAT, ["N", 4])], [h.make_tensor_sequence_value_info("S", T.FLOAT, None)]), {"X": asked}, columns=["a", "b", "c", "d"])
    nodes = [h.make_node("SplitToSequence", ["X"], ["S"], axis=1)]
    yield Case("sequence_of_columns", family, graph(nodes, [info("X", T.FLOAT, ["N", 4])], [h.make_tensor_sequence_value_info("S", T.FLOAT, None)]), {"X": asked}, refused="is no tensor")
    custom = graph([h.make_node("Mystery", ["X"], ["Y"], domain="com.example")], [info("X", T.FLOAT, ["N", 4])], [info("Y", T.FLOAT, ["N", 4])], opsets=(("", 17), ("com.example", 1)))
    yield Case("custom_operator", family, custom, {"X": asked}, refused="Mystery")
    newer = graph([h.make_node("Relu", ["X"], ["Y"])], [info("X", T.FLOAT, ["N", 4])], [info("Y", T.FLOAT, ["N", 4])], opsets=(("", 99),))
    yield Case("opset_newer", family, newer, {"X": asked}, refused=r"of opset 99 of ai\.onnx, and \d+ is the newest")


class Rows(CalibrationDataReader):
    def __init__(self):
        self.rows = iter([{"x": X[i : i + 16]} for i in range(0, 160, 16)])

    def get_next(self):
        return next(self.rows, None)


def quantized():
    family = "quantized (onnxruntime)"
    with tempfile.TemporaryDirectory() as folder:
        plain, made = str(Path(folder) / "plain.onnx"), str(Path(folder) / "made.onnx")
        onnx.save(mlp(), plain)
        quantize_dynamic(plain, made)
        yield Case("dynamic_int8", family, onnx.load(made), {"x": asked}, columns=["a", "b", "c", "d"])
        for name, form in [("static_qdq", QuantFormat.QDQ), ("static_operators", QuantFormat.QOperator)]:
            quantize_static(plain, made, Rows(), quant_format=form)
            yield Case(name, family, onnx.load(made), {"x": asked}, columns=["a", "b", "c", "d"])
    half = graph([h.make_node("MatMul", ["x", "W"], ["y"])], [info("x", T.FLOAT16, ["N", 4])], [info("y", T.FLOAT16, ["N", 3])], [const("W", W1[:, :3], np.float16)])
    yield Case("float16", family, half, {"x": asked.astype(np.float16)})


def cases():
    yield from by_hand()
    yield from quantized()
