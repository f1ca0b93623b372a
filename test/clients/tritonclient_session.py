"""What users of Triton's Python client do, over HTTP and gRPC, blocking and asyncio, with the models of its examples; HTTP and GRPC are the addresses."""
import asyncio
import json
import os
import queue
from functools import partial

import numpy as np
import tritonclient.grpc as grpcclient
import tritonclient.grpc.aio as aiogrpc
import tritonclient.http as httpclient
import tritonclient.http.aio as aiohttp
from tritonclient.utils import InferenceServerException

HTTP, GRPC = os.environ["HTTP"], os.environ["GRPC"]
A = np.arange(16, dtype=np.int32).reshape(1, 16)
B = np.full((1, 16), 3, dtype=np.int32)


def tensors(module, a, b, datatype, **binary):
    inputs = [module.InferInput(f"INPUT{i}", list(values.shape), datatype) for i, values in enumerate((a, b))]
    for tensor, values in zip(inputs, (a, b)):
        tensor.set_data_from_numpy(values, **binary)
    return inputs


def right(result, a=A, b=B):
    assert (result.as_numpy("OUTPUT0") == a + b).all(), result.as_numpy("OUTPUT0")
    assert (result.as_numpy("OUTPUT1") == a - b).all(), result.as_numpy("OUTPUT1")


def refused(what, *words):
    try:
        what()
    except InferenceServerException as error:
        said = f"{error.status()} {error.message()}"
        assert all(word in said for word in words), said
    else:
        raise AssertionError(f"not refused; {words} was expected")


def as_dict(answer):
    if isinstance(answer, (dict, list)):
        return answer
    from google.protobuf import json_format

    return json.loads(json_format.MessageToJson(answer, preserving_proto_field_name=True))


def describe(client, not_found):
    """Health, metadata, configuration, statistics, repository."""
    assert client.is_server_live() and client.is_server_ready() and client.is_model_ready("simple") and client.is_model_ready("simple", "1")
    assert not client.is_model_ready("simple", "7")
    server = as_dict(client.get_server_metadata())
    assert server["name"] == "triton" and "binary_tensor_data" in server["extensions"], server
    model = as_dict(client.get_model_metadata("simple"))
    assert model["name"] == "simple" and model["inputs"][0]["name"] == "INPUT0" and model["inputs"][0]["datatype"] == "INT32", model
    assert [int(size) for size in model["inputs"][0]["shape"]] == [-1, 16], model
    config = as_dict(client.get_model_config("simple"))
    config = config.get("config", config)
    assert config["name"] == "simple" and config["input"][0]["data_type"] == "TYPE_INT32" and config["max_batch_size"] > 1, config
    index = as_dict(client.get_model_repository_index())
    names = {entry["name"]: entry["state"] for entry in index.get("models", [])} if isinstance(index, dict) else {entry["name"]: entry["state"] for entry in index}
    assert names["simple"] == "READY" and "simple_string" in names, names
    refused(lambda: client.get_model_metadata("wrong_model_name"), not_found, "Request for unknown model")
    refused(lambda: client.load_model("simple"), "failed to load")
    refused(lambda: client.unload_model("simple"), "failed to unload")


def infer(module, client, **binary):
    """The models of the examples, and what one asks of a request."""
    right(client.infer("simple", tensors(module, A, B, "INT32", **binary)))
    right(client.infer("simple", tensors(module, A, B, "INT32", **binary), model_version="1", request_id="r1", priority=1, timeout=5_000_000))
    many = np.arange(16 * 100, dtype=np.int32).reshape(100, 16)
    right(client.infer("simple", tensors(module, many, many, "INT32", **binary)), many, many)
    small = A.astype(np.int8)
    right(client.infer("simple_int8", tensors(module, small, small, "INT8", **binary)), small, small)
    text = np.array([[str(value) for value in A[0]]], dtype=np.object_)
    added = client.infer("simple_string", tensors(module, text, text, "BYTES", **binary))
    assert [int(value) for value in added.as_numpy("OUTPUT0")[0]] == [2 * value for value in A[0]]
    result = client.infer("simple", tensors(module, A, B, "INT32", **binary), request_id="mine", outputs=[module.InferRequestedOutput("OUTPUT1")])
    answer = as_dict(result.get_response())
    assert answer["id"] == "mine" and answer["model_name"] == "simple" and result.as_numpy("OUTPUT0") is None, answer
    top = client.infer("simple", tensors(module, A, B, "INT32", **binary), outputs=[module.InferRequestedOutput("OUTPUT0", class_count=2)])
    assert [entry.decode() for entry in top.as_numpy("OUTPUT0")[0]] == ["18:15", "17:14"], top.as_numpy("OUTPUT0")


def refuse(module, client, bad_request):
    refused(lambda: client.infer("simple", tensors(module, A, B, "INT32")[:1]), bad_request, "INPUT1")
    refused(lambda: client.infer("simple", tensors(module, A[:, :8], B[:, :8], "INT32")), bad_request, "[1,8]")
    refused(lambda: client.infer("simple", tensors(module, A, B, "INT32"), sequence_id=5, sequence_start=True), bad_request, "sequence")
    refused(lambda: client.infer("simple", tensors(module, A, B, "INT32"), outputs=[module.InferRequestedOutput("OUT")]), bad_request, 'no output "OUT"')
    refused(lambda: client.infer("nope", tensors(module, A, B, "INT32")), "Request for unknown model")


def trips(distance, binary):
    """The price of trips: 2 * distance + seats + 10 for Oslo, a missing number being 0; beyond FP32 within the model for 3e38."""
    columns = {"distance": ("FP32", np.float32(distance)), "seats": ("FP32", np.ones(len(distance), np.float32)), "city": ("BYTES", np.array(["Oslo"] * len(distance), dtype=np.object_))}
    inputs = []
    for name, (datatype, values) in columns.items():
        tensor = httpclient.InferInput(name, [len(distance), 1], datatype)
        tensor.set_data_from_numpy(values.reshape(-1, 1), binary_data=binary)
        inputs.append(tensor)
    return inputs, [httpclient.InferRequestedOutput("prediction", binary_data=binary)]


def values_and_no_rows(client, binary):
    for distance, expected in (([3e38, -3e38, np.nan, 1.0], [np.inf, -np.inf, 11.0, 13.0]), ([], [])):
        inputs, outputs = trips(distance, binary)
        prices = client.infer("trips", inputs, outputs=outputs).as_numpy("prediction")
        assert prices.reshape(-1).tolist() == expected and prices.shape == (len(expected), 1), prices


def over_http():
    with httpclient.InferenceServerClient(HTTP, concurrency=8) as client:
        describe(client, "404")
        for binary in (True, False):
            infer(httpclient, client, binary_data=binary)
            values_and_no_rows(client, binary)
        refuse(httpclient, client, "400")
        for algorithm in ("gzip", "deflate"):
            many = np.arange(16 * 500, dtype=np.int32).reshape(500, 16)
            inputs = tensors(httpclient, many, many, "INT32")
            right(client.infer("simple", inputs, request_compression_algorithm=algorithm, response_compression_algorithm=algorithm), many, many)
        waiting = [client.async_infer("simple", tensors(httpclient, A + i, B, "INT32")) for i in range(64)]
        for i, request in enumerate(waiting):
            right(request.get_result(), A + i, B)
        stats = client.get_inference_statistics("simple")["model_stats"][0]
        assert stats["inference_stats"]["success"]["count"] > 64 and stats["inference_count"] > 1000, stats
        assert stats["batch_stats"] and stats["execution_count"] <= stats["inference_count"], stats


def over_grpc():
    with grpcclient.InferenceServerClient(GRPC) as client:
        describe(client, "NOT_FOUND")
        infer(grpcclient, client)
        refuse(grpcclient, client, "INVALID_ARGUMENT")
        right(client.infer("simple", tensors(grpcclient, A, B, "INT32"), headers={"x-user": "ada"}, client_timeout=10))
        for algorithm in ("gzip", "deflate"):
            right(client.infer("simple", tensors(grpcclient, A, B, "INT32"), compression_algorithm=algorithm))
        large = np.arange(16 * 20_000, dtype=np.int32).reshape(20_000, 16)
        right(client.infer("simple", tensors(grpcclient, large, large, "INT32")), large, large)
        refused(lambda: client.infer("simple", tensors(grpcclient, large, large, "INT32"), client_timeout=0.00001), "DEADLINE_EXCEEDED")
        answers = queue.Queue()
        for i in range(64):
            client.async_infer("simple", tensors(grpcclient, A + i, B, "INT32"), partial(lambda i, result, error: answers.put((i, result, error)), i))
        for _ in range(64):
            i, result, error = answers.get(timeout=30)
            assert error is None, error
            right(result, A + i, B)
        stats = as_dict(client.get_inference_statistics("simple"))["model_stats"][0]
        assert int(stats["inference_stats"]["success"]["count"]) > 64, stats
        assert len(as_dict(client.get_inference_statistics())["model_stats"]) >= 3


def over_stream():
    answers = queue.Queue()
    with grpcclient.InferenceServerClient(GRPC) as client:
        client.start_stream(callback=lambda result, error: answers.put((result, error)))
        for i in range(20):
            client.async_stream_infer("nope" if i == 7 else "simple", tensors(grpcclient, A + i, B, "INT32"), request_id=str(i), enable_empty_final_response=True)
        for i in range(20):
            result, error = answers.get(timeout=30)
            if i == 7:
                assert "Request for unknown model" in error.message(), error
                continue
            assert error is None, error
            right(result, A + i, B)
            response = result.get_response()
            assert response.id == str(i) and response.parameters["triton_final_response"].bool_param
        client.stop_stream()


async def with_asyncio():
    async with aiohttp.InferenceServerClient(HTTP) as client:
        assert await client.is_server_ready() and (await client.get_model_metadata("simple"))["name"] == "simple"
        results = await asyncio.gather(*(client.infer("simple", tensors(httpclient, A + i, B, "INT32")) for i in range(64)))
        for i, result in enumerate(results):
            right(result, A + i, B)
    async with aiogrpc.InferenceServerClient(GRPC) as client:
        assert await client.is_model_ready("simple")
        results = await asyncio.gather(*(client.infer("simple", tensors(grpcclient, A + i, B, "INT32")) for i in range(64)))
        for i, result in enumerate(results):
            right(result, A + i, B)

        async def requests():
            for i in range(10):
                yield {"model_name": "simple", "inputs": tensors(grpcclient, A + i, B, "INT32")}

        i = 0
        async for result, error in client.stream_infer(requests()):
            assert error is None, error
            right(result, A + i, B)
            i += 1
        assert i == 10


over_http()
over_grpc()
over_stream()
asyncio.run(with_asyncio())
print(json.dumps({"done": True}))
