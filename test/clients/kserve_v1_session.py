"""KServe's own REST client with the V1 protocol; HTTP is the address."""
import asyncio
import json
import os

import httpx
from kserve import InferenceRESTClient
from kserve.inference_client import RESTConfig

HTTP = f"http://{os.environ['HTTP']}"


async def main():
    client = InferenceRESTClient(RESTConfig(protocol="v1"))
    assert await client.is_model_ready(HTTP, "half")
    assert await client.infer(HTTP, {"instances": [2.0, 3.0]}, model_name="half") == {"predictions": [3.0, 3.5]}
    # Rows of a table, by position and by name.
    assert await client.infer(HTTP, {"instances": [[1.0, 2.0, "Oslo"]]}, model_name="trips") == {"predictions": [14.0]}
    named = {"instances": [{"distance": 1.0, "seats": 2.0, "city": "Rome"}]}
    assert await client.infer(HTTP, named, model_name="trips") == {"predictions": [24.0]}
    # Its reader takes JSON by the grammar alone: what is missing is null, and an infinity is refused rather than taken for it.
    assert await client.infer(HTTP, {"instances": [1.0, None]}, model_name="half") == {"predictions": [2.5, None]}
    assert await client.infer(HTTP, {"instances": []}, model_name="half") == {"predictions": []}
    try:
        await client.infer(HTTP, {"instances": [[3e38, 1.0, "Oslo"]]}, model_name="trips")  # beyond FP32 within the model
    except ValueError as error:
        assert "JSON" in type(error).__name__, error
    else:
        raise AssertionError("an infinity was read")
    try:
        await client.infer(HTTP, {"instances": [1]}, model_name="nope")
    except httpx.HTTPStatusError as error:
        assert error.response.status_code == 404 and "error" in error.response.json(), error
    else:
        raise AssertionError("a model that is not there answered")
    try:
        await client.explain(HTTP, "half", {"instances": [1.0]})
    except httpx.HTTPStatusError as error:
        assert error.response.status_code == 501, error
    else:
        raise AssertionError("a model that explains nothing explained")
    await client.close()
    headers = {"ce-specversion": "1.0", "ce-id": "36077800-0c23-4f38-a0b4-01f4369f670a", "ce-source": "https://example.com/event-producer", "ce-type": "com.example.sampletype1"}
    async with httpx.AsyncClient() as http:
        event = await http.post(f"{HTTP}/v1/models/half:predict", headers=headers, content=b'{"instances":[2.0]}')
        assert event.json() == {"predictions": [3.0]} and event.headers["ce-type"] == "io.kserve.inference.response", event.headers
        assert "half" in (await http.get(f"{HTTP}/v1/models")).json()["models"]


asyncio.run(main())
print(json.dumps({"done": True}))
