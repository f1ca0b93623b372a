"""A plugin of pytest that points the server tests of KServe's package (test_server.py, test_grpc_server.py) at a gateway.

$GATEWAY_URL and $GATEWAY_GRPC are its addresses; what became of each test is written to $OUTCOMES as JSON. Their clients in the process
(Starlette's TestClient, grpc_testing) become clients on the network; their models in the process are left alone. JSON is compared by what
it means, not by its bytes (numbers as FP32), and without what the gateway says beyond KServe: version and variant. Over gRPC KServe
also says how many bytes each raw output has; that is filled in.
"""
import json
import os
import struct
import sys
import types

import grpc
import grpc_testing
import httpx
import pytest
import fastapi.testclient

# Ray Serve is no part of this: without it their tests can be imported.
ray = types.ModuleType("ray")
ray.serve = types.ModuleType("ray.serve")
ray.serve.deployment = lambda model: model
kserve_ray = types.ModuleType("kserve.ray")
kserve_ray.RayModel = None
sys.modules.update({"ray": ray, "ray.serve": ray.serve, "kserve.ray": kserve_ray})


class Body(bytes):
    """A body that equals another of the same meaning: JSON, then the same bytes."""

    __hash__ = bytes.__hash__

    def __eq__(self, other):
        (value, rest), (wanted, tail) = self.parts(), Body(other).parts()
        return value == wanted and rest == tail

    def parts(self):
        text = self.decode("latin1")
        try:
            value, end = json.JSONDecoder().raw_decode(text)
        except ValueError:
            return None, bytes(self)
        return plain(value), text[end:]


def plain(value):
    if isinstance(value, float):
        return struct.unpack("f", struct.pack("f", value))[0]
    if not isinstance(value, dict):
        return [plain(one) for one in value] if isinstance(value, list) else value
    known = {name: plain(one) for name, one in value.items() if name != "model_version" and one is not None}
    if "variant" in known.get("parameters", {}):
        del known["parameters"]
    return known


content = httpx.Response.content
httpx.Response.content = property(lambda response: Body(content.fget(response)))


class RemoteClient(httpx.Client):
    def __init__(self, app, **more):
        super().__init__(base_url=os.environ["GATEWAY_URL"], timeout=30, **more)


fastapi.testclient.TestClient = RemoteClient


class RemoteCall:
    """A call as grpc_testing gives it, made over the network."""

    def __init__(self, method, request, timeout):
        self._method, self._request, self._timeout = method, request, timeout

    def termination(self):
        from kserve.errors import InvalidInput

        from kserve.protocol.grpc.grpc_predict_v2_pb2 import ModelInferRequest, ModelInferResponse

        path = f"/{self._method.containing_service.full_name}/{self._method.name}"
        with grpc.insecure_channel(os.environ["GATEWAY_GRPC"]) as channel:
            ask = channel.unary_unary(path, request_serializer=ModelInferRequest.SerializeToString, response_deserializer=ModelInferResponse.FromString)
            try:
                response = ask(self._request, timeout=self._timeout)
            except grpc.RpcError as error:
                if error.code() == grpc.StatusCode.INVALID_ARGUMENT:
                    raise InvalidInput(error.details())
                raise

        response.ClearField("model_version")
        response.ClearField("parameters")
        for output, raw in zip(response.outputs, response.raw_output_contents):
            output.parameters["binary_data_size"].int64_param = len(raw)

        async def ready():
            return response

        return ready(), (), grpc.StatusCode.OK, ""


class RemoteServer:
    def invoke_unary_unary(self, method_descriptor, invocation_metadata, request, timeout):
        return RemoteCall(method_descriptor, request, timeout)


grpc_testing.server_from_dictionary = lambda *args: RemoteServer()


@pytest.fixture(scope="session")
def server():
    """Theirs, with whose registry their fixtures deal; nobody asks it anything. The package lacks the conftest.py that has it."""
    from kserve import ModelRepository, ModelServer

    return ModelServer(registered_models=ModelRepository())


outcomes = {}


def pytest_runtest_logreport(report):
    if report.when == "call" or report.failed:
        outcomes[report.nodeid.split("::", 1)[1]] = "" if report.passed else str(report.longrepr).strip().split("\n")[-1] if report.failed else "skipped"


def pytest_sessionfinish():
    with open(os.environ["OUTCOMES"], "w") as file:
        json.dump(outcomes, file)
