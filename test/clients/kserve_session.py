"""KServe's own inference clients, REST and gRPC, with the V2 protocol; HTTP and GRPC are the addresses."""
import asyncio
import json
import os

import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferOutput, InferRequest  # noqa: F401
from kserve.inference_client import RESTConfig
from kserve.protocol.infer_type import RequestedOutput

HTTP, GRPC = f"http://{os.environ['HTTP']}", os.environ["GRPC"]
A = np.arange(16, dtype=np.int32).reshape(1, 16)
F = np.array([[1.5], [2.0]], dtype=np.float16)


def request(binary, request_id=None):
    inputs = []
    for name in ("INPUT0", "INPUT1"):
        tensor = InferInput(name=name, shape=[1, 16], datatype="INT32")
        tensor.set_data_from_numpy(A, binary_data=binary)
        inputs.append(tensor)
    return InferRequest(model_name="simple", infer_inputs=inputs, request_id=request_id)


def right(response):
    assert response.model_name == "simple", response
    outputs = {output.name: output.as_numpy() for output in response.outputs}
    assert (outputs["OUTPUT0"] == 2 * A).all() and (outputs["OUTPUT1"] == 0).all(), outputs


def trip(binary):
    """FP16, which has no JSON form in this client, and text."""
    distance = InferInput(name="distance", shape=[2, 1], datatype="FP16")
    distance.set_data_from_numpy(F, binary_data=True)
    seats = InferInput(name="seats", shape=[2, 1], datatype="INT64")
    seats.set_data_from_numpy(np.array([[1], [2]], dtype=np.int64), binary_data=binary)
    city = InferInput(name="city", shape=[2, 1], datatype="BYTES")
    city.set_data_from_numpy(np.array([["Oslo"], ["Rome"]], dtype=np.object_), binary_data=binary)
    return InferRequest(model_name="trips", infer_inputs=[distance, seats, city])


async def over_rest():
    client = InferenceRESTClient(RESTConfig(protocol="v2"))
    assert await client.is_server_live(HTTP) and await client.is_server_ready(HTTP) and await client.is_model_ready(HTTP, "simple")
    for binary in (True, False):
        response = await client.infer(HTTP, request(binary, "r1"), model_name="simple")
        right(response)
        assert response.id == "r1", response.id
    prices = (await client.infer(HTTP, trip(True), model_name="trips")).outputs[0].as_numpy()
    assert prices.flatten().tolist() == [14.0, 26.0], prices
    try:
        await client.infer(HTTP, request(True), model_name="nope")
    except Exception as error:
        assert "404" in str(error) and "unknown model" in str(error), error
    else:
        raise AssertionError("a model that is not there answered")
    await client.close()


async def over_grpc():
    async with InferenceGRPCClient(GRPC) as client:
        assert await client.is_server_live() and await client.is_server_ready() and await client.is_model_ready("simple")
        assert not await client.is_model_ready("nope")
        for binary in (True, False):
            right(await client.infer(request(binary)))
        prices = (await client.infer(trip(True))).outputs[0].as_numpy()
        assert prices.flatten().tolist() == [14.0, 26.0], prices


asyncio.run(over_rest())
asyncio.run(over_grpc())
print(json.dumps({"done": True}))
