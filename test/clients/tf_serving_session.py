"""TensorFlow Serving over gRPC with grpcio's stubs, made of the .proto files in the folder PROTOS, and over REST; HTTP and GRPC are the addresses."""
import json
import os
import struct
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request

import grpc

stubs = tempfile.mkdtemp()
protos = os.environ["PROTOS"]
subprocess.run([sys.executable, "-m", "grpc_tools.protoc", f"-I{protos}", f"--python_out={stubs}", f"--grpc_python_out={stubs}", "tensorflow.proto", "serving.proto"], check=True, cwd=protos)
sys.path.insert(0, stubs)
import serving_pb2 as serving  # noqa: E402
import serving_pb2_grpc as services  # noqa: E402

HTTP = f"http://{os.environ['HTTP']}"
channel = grpc.insecure_channel(os.environ["GRPC"])
prediction = services.PredictionServiceStub(channel)
models = services.ModelServiceStub(channel)


def fails(code, part, call):
    try:
        call()
    except grpc.RpcError as error:
        assert error.code() is code and part in error.details(), (error.code(), error.details())
    else:
        raise AssertionError(f"no failure with {part}")


def predict(name="half", **spec):
    request = serving.PredictRequest()
    request.model_spec.name = name
    if "version" in spec:
        request.model_spec.version.value = spec["version"]
    request.model_spec.signature_name = spec.get("signature", "")
    tensor = request.inputs["x"]
    tensor.dtype = 1
    tensor.tensor_shape.dim.add().size = 3
    if spec.get("content"):
        tensor.tensor_content = struct.pack("<3f", 2, 3, 4)
    else:
        tensor.float_val.extend(spec.get("values", [2.0, 3.0, 4.0]))
    return prediction.Predict(request, 5)


for more in ({}, {"content": True}, {"version": 7}, {"signature": "serving_default"}):
    response = predict(**more)
    assert list(response.outputs["y"].float_val) == [3.0, 3.5, 4.0] and response.outputs["y"].dtype == 1, response
    assert [dim.size for dim in response.outputs["y"].tensor_shape.dim] == [3], response
    assert response.model_spec.name == "half" and response.model_spec.version.value == 7 and response.model_spec.signature_name == "serving_default", response
assert list(predict(values=[2.0]).outputs["y"].float_val) == [3.0, 3.0, 3.0]
fails(grpc.StatusCode.NOT_FOUND, "Servable not found for request: Latest(nope)", lambda: predict("nope"))
fails(grpc.StatusCode.FAILED_PRECONDITION, "not found", lambda: predict(signature="nope"))


def examples(request, name, **features):
    request.model_spec.name = name
    feature = request.input.example_list.examples.add().features.feature
    for key, value in features.items():
        kind = {float: "float_list", int: "int64_list", bytes: "bytes_list"}[type(value)]
        getattr(feature[key], kind).value.append(value)
    return request


trip = {"distance": 1.0, "seats": 2, "city": b"Oslo"}
assert prediction.Regress(examples(serving.RegressionRequest(), "trips", **trip), 5).result.regressions[0].value == 14
classes = prediction.Classify(examples(serving.ClassificationRequest(), "churn", **trip), 5).result.classifications[0].classes
assert [one.label for one in classes] == ["no", "yes"] and abs(classes[0].score - 1) < 1e-6, classes

request = serving.GetModelMetadataRequest(metadata_field=["signature_def"])
request.model_spec.name = "half"
packed = prediction.GetModelMetadata(request, 5).metadata["signature_def"]
signatures = serving.SignatureDefMap()
assert packed.Unpack(signatures)
assert signatures.signature_def["serving_default"].inputs["x"].dtype == 1, signatures

request = serving.GetModelStatusRequest()
request.model_spec.name = "half"
states = models.GetModelStatus(request, 5).model_version_status
assert [(one.version, one.state, one.status.error_code) for one in states] == [(7, 30, 0)], states


def rest(path, body=None):
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{HTTP}/v1/models/{path}", data=data)) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


assert rest("half:predict", {"instances": [2.0, float("nan")]})[0] == 200
assert rest("half:predict", {"instances": [2.0, 3.0]}) == (200, {"predictions": [3.0, 3.5]})
assert rest("half:predict", {"inputs": [2.0, 3.0]}) == (200, {"outputs": [3.0, 3.5]})
assert rest("half:regress", {"examples": [{"x": 2.0}]}) == (200, {"results": [3.0]})
assert rest("half:predict", {})[0] == 400
assert rest("half")[1]["model_version_status"][0]["state"] == "AVAILABLE"
print(json.dumps({"done": True}))
