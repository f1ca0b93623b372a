"""Makes ONNX twins of the dummy models of KServe's server tests in the folder $FOLDER."""
import json
import os
from pathlib import Path

import onnx
from onnx import TensorProto as T, helper as h

folder = Path(os.environ["FOLDER"])


def save(name, nodes, inputs, outputs, constants=()):
    values = [[h.make_tensor_value_info(*one) for one in some] for some in (inputs, outputs)]
    model = h.make_model(h.make_graph(nodes, name, *values, constants), opset_imports=[h.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model)
    onnx.save(model, folder / f"{name}.onnx")


def flat(source, target, cast=None):
    """All elements of a tensor in one dimension, perhaps as another type."""
    if cast is None:
        return [h.make_node("Reshape", [source, "all"], [target])]
    return [h.make_node("Reshape", [source, "all"], [f"{target}_flat"]), h.make_node("Cast", [f"{target}_flat"], [target], to=cast)]


everything = [h.make_tensor("all", T.INT64, [1], [-1])]
save("echo", [h.make_node("Identity", ["input-0"], ["output-0"])], [("input-0", T.INT32, ["n", 2])], [("output-0", T.INT32, ["n", 2])])
save(
    "fp16_output",
    [*flat("fp32_input", "fp16_output", T.FLOAT16), *flat("fp32_input", "fp32_output")],
    [("fp32_input", T.FLOAT, [2, 4])],
    [("fp16_output", T.FLOAT16, [8]), ("fp32_output", T.FLOAT, [8])],
    everything,
)
save(
    "fp16_input",
    [*flat("str_input", "str_output"), *flat("fp16_input", "fp32_output", T.FLOAT)],
    [("fp16_input", T.FLOAT16, [2, 4]), ("str_input", T.STRING, [2, 4])],
    [("str_output", T.STRING, [8]), ("fp32_output", T.FLOAT, [8])],
    everything,
)
save(
    "fp16_input_grpc",
    [h.make_node("Identity", ["numbers"], ["int32_output"]), *flat("fp16_input", "fp16_output")],
    [("fp16_input", T.FLOAT16, [2, 4])],
    [("int32_output", T.INT64, [8]), ("fp16_output", T.FLOAT16, [8])],
    [*everything, h.make_tensor("numbers", T.INT64, [8], range(1, 9))],
)
kinds = [("fp32_input", T.FLOAT, [2, 4]), ("int32_input", T.INT32, [2, 4]), ("string_input", T.STRING, [8]), ("uint8_input", T.UINT8, [2, 4]), ("bool_input", T.BOOL, [8])]
flattened = [name for name, _, _ in kinds if name != "bool_input"]  # which their model gives back under its own name
outputs = [(name.replace("_input", "_output") if name in flattened else name, kind, [8]) for name, kind, _ in kinds]
save("kinds", [node for name in flattened for node in flat(name, name.replace("_input", "_output"))], kinds, outputs, everything)
print(json.dumps({"done": True}))
