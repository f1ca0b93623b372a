"""Which tests of Triton's `qa` are run, each with the models that it names (`folder/name` of make_models.py, or one of Triton's examples)."""

onnx_only = {"BACKENDS": "onnx", "ENSEMBLES": "0", "TRITON_SERVER_CPU_ONLY": "1"}
examples = ["examples/simple*", "twins/simple_identity"]
copies = {"simple_string_dyna_sequence": "simple_dyna_sequence"}
unit_tests = ["identity/onnx_zero_1_*", "identity/onnx_zero_3_float32", "twins/onnx_zero_*", "twins/simple_identity*"]

suites = [
    {
        "test": "L0_http/http_test.py",
        "models": unit_tests,
        "more": {"onnx_zero_1_float32_queue": {"batching": {"delayMs": 1000, "queueRows": 1}}},
    },
    {"test": "L0_http/python_http_aio_test.py", "models": examples, "copies": copies},
    {"test": "L0_http/http_request_many_chunks.py", "models": examples, "only": [f"HTTPRequestManyChunksTest.test_chunked_infer_{name}" for name in ["at_max_chunks", "rejected_over_max_chunks"]]},
    {"test": "L0_http/http_input_size_limit_test.py", "models": ["identity/onnx_zero_1_float32", "twins/simple_identity"]},
    {"test": "L0_grpc/python_grpc_aio_test.py", "models": examples, "copies": copies},
    {"test": "L0_grpc/python_unit_test.py", "models": [*examples, "twins/string_identity"], "only": ["GrpcTest"]},
    {"test": "L0_infer/infer_test.py", "models": ["qa"], "environment": onnx_only},
    {"test": "L0_infer_variable/infer_variable_test.py", "models": ["variable"], "environment": onnx_only},
    {"test": "L0_infer_zero/infer_zero_test.py", "models": ["identity"], "environment": onnx_only},
    {"test": "L0_scalar_io/scalar_test.py", "models": ["scalar"], "environment": onnx_only},
    {"test": "L0_string_io/string_client_test.py", "models": ["twins/string_identity"]},
    {"test": "L0_nan_inf/nan_inf_test.py", "models": ["twins/nan_inf_output"]},
    {"test": "L0_parameters/class_count_test.py", "models": ["twins/identity_*"], "environment": {"CLIENT_TYPE": "http"}},
    {"test": "L0_parameters/class_count_test.py", "as": "L0_parameters/class_count_test.py over gRPC", "models": ["twins/identity_*"], "environment": {"CLIENT_TYPE": "grpc"}},
    {"test": "L0_input_validation/input_validation_test.py", "models": ["twins/input_*", "twins/pt_identity", "qa/onnx_object_int32_int32"]},
    {"test": "L0_client_timeout/client_infer_timeout_test.py", "models": ["twins/custom_identity_int32"]},
    {
        "test": "L0_request_cancellation/grpc_cancellation_test.py",
        "models": ["twins/custom_identity_int32"],
        "only": [f"GrpcCancellationTest.test_{name}_infer" for name in ["grpc_async", "grpc_stream", "aio_grpc_async", "aio_grpc_stream"]],
    },
    {"test": "L0_server_status/server_status_test.py", "models": ["qa"], "environment": {"TRITON_SERVER_VERSION": "0.1.0"}, "only": [f"ServerMetadataTest.test_unknown_model{what}" for what in ["", "_version"]]},
]
