"""The node cases of ONNX's backend tests, each served by a gateway and asked with binary tensors.

Without HTTP it writes the models of the cases into SHELF, a model repository. With HTTP, host:port of a gateway of that repository, it says as JSON
what became of the cases: by datatype how many passed, by reason how many could not be served, and those that were answered otherwise.
"""
import collections
import http.client
import json
import os
import sys
import warnings
from pathlib import Path

import numpy as np
import onnxruntime
from onnx import TensorProto, numpy_helper
from onnx.backend.test.case.node import collect_testcases

warnings.simplefilter("ignore")
shelf = Path(os.environ["SHELF"])

DATATYPES = {
    TensorProto.BOOL: ("BOOL", np.bool_), TensorProto.UINT8: ("UINT8", np.uint8), TensorProto.UINT16: ("UINT16", np.uint16),
    TensorProto.UINT32: ("UINT32", np.uint32), TensorProto.UINT64: ("UINT64", np.uint64), TensorProto.INT8: ("INT8", np.int8),
    TensorProto.INT16: ("INT16", np.int16), TensorProto.INT32: ("INT32", np.int32), TensorProto.INT64: ("INT64", np.int64),
    TensorProto.FLOAT16: ("FP16", np.float16), TensorProto.FLOAT: ("FP32", np.float32), TensorProto.DOUBLE: ("FP64", np.float64),
    TensorProto.STRING: ("BYTES", np.object_),
}

# ONNX Runtime 1.30 never comes back from an inverse DFT whose length is made up.
ENDLESS = {"test_dft_irfft"}


def post(path, body=b"", headers={}):
    connection.request("POST", path, body, headers)
    answer = connection.getresponse()
    return answer.status, answer.read(), answer.headers


def unserved(value):
    """Why a gateway takes no input or gives no output of this type; None when it does."""
    kind = value.type.WhichOneof("value")
    if kind != "tensor_type":
        return f"{kind.removesuffix('_type')} inputs or outputs"
    element = value.type.tensor_type.elem_type
    return None if element in DATATYPES else f"{TensorProto.DataType.Name(element).lower()} tensors"


def raw(array):
    if array.dtype.kind in "OUS":
        elements = [one if isinstance(one, bytes) else str(one).encode() for one in array.reshape(-1)]
        return b"".join(len(one).to_bytes(4, "little") + one for one in elements)
    return np.ascontiguousarray(array).tobytes()


def read(tensor, bytes):
    if tensor["datatype"] != "BYTES":
        kind = next(kind for name, kind in DATATYPES.values() if name == tensor["datatype"])
        return np.frombuffer(bytes, kind).reshape(tensor["shape"])
    found = []
    while bytes:
        end = 4 + int.from_bytes(bytes[:4], "little")
        found.append(bytes[4:end].decode())
        bytes = bytes[end:]
    return np.array(found, dtype=object).reshape(tensor["shape"])


def infer(name, values, arrays):
    heads = [
        {"name": value.name, "datatype": DATATYPES[value.type.tensor_type.elem_type][0], "shape": list(array.shape), "parameters": {"binary_data_size": len(raw(array))}}
        for value, array in zip(values, arrays)
        if array is not None
    ]
    head = json.dumps({"inputs": heads, "parameters": {"binary_data_output": True}}).encode()
    status, body, headers = post(f"/v2/models/{name}/infer", head + b"".join(raw(array) for array in arrays if array is not None), {"inference-header-content-length": str(len(head))})
    if status != 200:
        raise AssertionError(f"{status} {json.loads(body)['error']}")
    at = int(headers["inference-header-content-length"])
    outputs = {}
    for tensor in json.loads(body[:at])["outputs"]:
        size = tensor["parameters"]["binary_data_size"]
        outputs[tensor["name"]] = read(tensor, body[at : at + size])
        at += size
    return outputs


def compare(case, value, got, wanted):
    wanted = plain(wanted)
    assert got.shape == wanted.shape, f"{value.name} has the shape {got.shape}, not {wanted.shape}"
    if wanted.dtype.kind in "OUS":
        assert got.tolist() == [one.decode() if isinstance(one, bytes) else str(one) for one in wanted.reshape(-1)] or got.tolist() == wanted.astype(str).tolist(), value.name
    else:
        assert got.dtype == wanted.dtype, f"{value.name} is {got.dtype}, not {wanted.dtype}"
        np.testing.assert_allclose(got, wanted, rtol=case.rtol, atol=case.atol, err_msg=value.name)


def plain(one):
    return numpy_helper.to_array(one) if isinstance(one, TensorProto) else np.asarray(one)


def as_model(value, array):
    """The array in the type that the model says: some cases bring another."""
    kind = DATATYPES[value.type.tensor_type.elem_type][1]
    return array if kind is np.object_ or array.dtype == kind else array.astype(kind)


def alone_answers(case, values, arrays):
    """What ONNX Runtime answers without a gateway."""
    session = onnxruntime.InferenceSession(case.model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {value.name: array for value, array in zip(values, arrays) if array is not None})


def runs_alone(case, values, arrays):
    try:
        alone_answers(case, values, arrays)
        return True
    except Exception:  # whatever the runtime raises: it does not run
        return False


def reason_of(sentence):
    if any(sign in sentence for sign in ("NOT_IMPLEMENTED", "is not a registered function/op", "Could not find an implementation", "No Op registered", "no kernel")):
        return "operators ONNX Runtime does not have"
    if "must be a list of at least one tensor" in sentence:
        return "models without inputs"
    if "is not defined for empty set" in sentence:
        return "operators ONNX Runtime does not have"
    if "This is an invalid model" in sentence or "Exception during initialization" in sentence:
        return "models that ONNX Runtime refuses"
    if "which this machine does not have" in sentence:
        return "models that need a locale"
    if any(sign in sentence for sign in ("opset", "newest that this runtime")):
        return "operator sets newer than ONNX Runtime's"
    return None


def write(case):
    folder = shelf / case.name / "1"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(case.model.SerializeToString())


cases = collect_testcases(None)
not_served = collections.Counter()
served = []
for case in cases:
    reasons = [reason for value in [*case.model.graph.input, *case.model.graph.output] if (reason := unserved(value))]
    if reasons:
        not_served[reasons[0]] += 1
    elif case.name in ENDLESS:
        not_served["a run that does not end on the sample that is tried at loading"] += 1
    else:
        served.append(case)

if "HTTP" not in os.environ:
    for case in served:
        write(case)
    print(json.dumps(len(served)))
    raise SystemExit

connection = http.client.HTTPConnection(os.environ["HTTP"])
index = {one["name"]: one for one in json.loads(post("/v2/repository/index")[1])}
passed, otherwise = collections.Counter(), {}
for case in served:
    graph = case.model.graph
    if index[case.name]["state"] != "READY":
        sentence = index[case.name]["reason"]
        if reason := reason_of(sentence):
            not_served[reason] += 1
        else:
            otherwise[case.name] = sentence[:400]
        continue
    try:
        for inputs, outputs in case.data_sets:
            arrays = [None if one is None else as_model(value, plain(one)) for value, one in zip(graph.input, inputs)]
            try:
                answered = infer(case.name, graph.input, arrays)
            except AssertionError as refused:
                if runs_alone(case, graph.input, arrays):
                    raise
                not_served["inputs that ONNX Runtime itself refuses"] += 1
                print(f"{case.name}: {refused}", file=sys.stderr)
                break
            try:
                for value, wanted in zip(graph.output, outputs):
                    compare(case, value, answered[value.name], wanted)
            except AssertionError:
                alone = alone_answers(case, graph.input, arrays)
                for value, wanted in zip(graph.output, alone):
                    compare(case, value, answered[value.name], wanted)
                not_served["answers of ONNX Runtime itself that differ from the case's"] += 1
                break
        else:
            first = [*graph.input, *graph.output][0].type.tensor_type.elem_type
            passed[DATATYPES[first][0]] += 1
    except Exception as error:
        if reason := reason_of(str(error)):
            not_served[reason] += 1
            continue
        otherwise[case.name] = " ".join(str(error).split())[:400]
print(json.dumps({"passed": dict(sorted(passed.items())), "notServed": dict(sorted(not_served.items())), "otherwise": otherwise}))
