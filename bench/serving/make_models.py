"""Writes the models of the benchmark into a folder: python make_models.py FOLDER. Weights are random: only the arithmetic counts."""
import sys
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto as T, helper as h
from sklearn.datasets import make_regression
from sklearn.ensemble import GradientBoostingRegressor
from skl2onnx import to_onnx

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(7)


def const(name, *shape):
    scale = 1 / np.sqrt(np.prod(shape[1:]) if len(shape) > 2 else shape[0])
    return onnx.numpy_helper.from_array((rng.standard_normal(shape) * scale).astype(np.float32), name)


def save(name, nodes, tail, out, weights):
    graph = h.make_graph(nodes, name, [h.make_tensor_value_info("x", T.FLOAT, ["N", *tail])], [h.make_tensor_value_info("y", T.FLOAT, ["N", *out])], weights)
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 17)], ir_version=9), folder / f"{name}.onnx")


def mlp(name, *widths):
    nodes, weights, at = [], [], "x"
    for layer, (wide, narrow) in enumerate(zip(widths, widths[1:])):
        last = layer == len(widths) - 2
        weights += [const(f"w{layer}", wide, narrow), const(f"b{layer}", narrow)]
        nodes.append(h.make_node("Gemm", [at, f"w{layer}", f"b{layer}"], ["y" if last else f"g{layer}"]))
        if not last:
            nodes.append(h.make_node("Relu", [f"g{layer}"], [f"r{layer}"]))
        at = f"r{layer}"
    save(name, nodes, [widths[0]], [widths[-1]], weights)


def conv():
    nodes, weights, at = [], [], "x"
    for layer, (wide, narrow) in enumerate([(3, 16), (16, 32), (32, 64), (64, 64)]):
        weights.append(const(f"w{layer}", narrow, wide, 3, 3))
        nodes += [h.make_node("Conv", [at, f"w{layer}"], [f"c{layer}"], strides=[2, 2], pads=[1, 1, 1, 1]), h.make_node("Relu", [f"c{layer}"], [f"r{layer}"])]
        at = f"r{layer}"
    weights.append(const("head", 64, 10))
    nodes += [h.make_node("GlobalAveragePool", [at], ["pooled"]), h.make_node("Flatten", ["pooled"], ["flat"]), h.make_node("MatMul", ["flat", "head"], ["y"])]
    save("conv", nodes, [3, 224, 224], [10], weights)


def resnet():
    """ResNet-18 (He et al., Deep Residual Learning, 2016), its batch normalizations folded into the convolutions."""
    nodes, weights = [], []

    def convolve(at, wide, narrow, size, stride, relu=True):
        name = f"c{len(weights)}"
        weights.extend([const(f"{name}w", narrow, wide, size, size), const(f"{name}b", narrow)])
        nodes.append(h.make_node("Conv", [at, f"{name}w", f"{name}b"], [name], strides=[stride, stride], pads=[size // 2] * 4))
        if relu:
            nodes.append(h.make_node("Relu", [name], [f"{name}r"]))
        return f"{name}r" if relu else name

    at = convolve("x", 3, 64, 7, 2)
    nodes.append(h.make_node("MaxPool", [at], ["pool"], kernel_shape=[3, 3], strides=[2, 2], pads=[1, 1, 1, 1]))
    at, wide = "pool", 64
    for narrow, stride in [(64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)]:
        inner = convolve(convolve(at, wide, narrow, 3, stride), narrow, narrow, 3, 1, relu=False)
        shortcut = at if stride == 1 else convolve(at, wide, narrow, 1, stride, relu=False)
        nodes += [h.make_node("Add", [inner, shortcut], [f"{inner}s"]), h.make_node("Relu", [f"{inner}s"], [f"{inner}o"])]
        at, wide = f"{inner}o", narrow
    weights.append(const("head", 512, 1000))
    nodes.extend([h.make_node("GlobalAveragePool", [at], ["pooled"]), h.make_node("Flatten", ["pooled"], ["flat"]), h.make_node("MatMul", ["flat", "head"], ["y"])])
    save("resnet", nodes, [3, 224, 224], [1000], weights)


def trees():
    x, y = make_regression(2000, 30, noise=1, random_state=7)
    fitted = GradientBoostingRegressor(n_estimators=200, max_depth=6, random_state=7).fit(x.astype(np.float32), y)
    model = to_onnx(fitted, x[:1].astype(np.float32), target_opset={"": 17, "ai.onnx.ml": 3})
    model.graph.node[-1].output[0], model.graph.output[0].name = "y", "y"
    for node in model.graph.node:
        node.input[:] = ["x" if name == "X" else name for name in node.input]
    model.graph.input[0].name = "x"
    onnx.save(model, folder / "trees.onnx")


mlp("small", 30, 64, 64, 2)
mlp("mlp", 1024, 4096, 4096, 1000)
conv()
resnet()
trees()
