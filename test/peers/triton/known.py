"""Tests of Triton that the gateway does not pass, with the reason for each: by the name of the test, or the end of it."""

memory = "no memory is shared with clients"
traces = "traces follow OpenTelemetry's variables, not requests"
size = "a body that is too large is 413, not 400"
config = "config.pbtxt is not read, which says that a scalar is sent as [1, 1]"

known = {
    "test_byte_too_many_elements": "one text for a dimension of any size is one element, not a mistake",
    "test_content_encoding_chunked_manually": "it says Content-Length and Transfer-Encoding at once, by which requests are smuggled (RFC 9112, 6.1): refused",
    "test_descriptive_status_code": "a queue that is full is 429, not 503",
    "test_json_recursion_depth_limit": "data nested deeper than a shape may have dimensions is refused; theirs takes 100 brackets around one element",
    "test_load_oversized_file_parameter": "it wants 500 for what the request did wrong; 400 here",
    "test_negative_dimensions": "it wants 500 for what the request did wrong; 400 here",
    "test_default_limit_compressed": size,
    "test_default_limit_json": size,
    "test_default_limit_raw_binary": size,
    "test_json_dtype_size_expansion_exceeds_limit_error": size,
    "test_large_input_compressed": size,
    "test_large_input_json": size,
    "test_large_input_raw_binary": size,
    "test_large_string_in_json": size,
    "test_get_cuda_shared_memory_status": memory,
    "test_get_system_shared_memory_status": memory,
    "test_unregister_cuda_shared_memory": memory,
    "test_unregister_system_shared_memory": memory,
    "test_wrong_input_shape_tensor_size": memory,
    "test_get_trace_settings": traces,
    "test_update_trace_settings": traces,
    "TestGrpcAioClient.test_get_model_repository_index": "one model more lies in Triton's image than in its repository",
    "test_load_model": "it wants loading to be refused, as Triton does while it polls; a gateway alone loads whenever it is asked",
    "TestHttpAioClient.test_unload_model": "as test_load_model",
    "TestGrpcAioClient.test_unload_model": "as test_load_model",
    "test_bytes_contents_many_elements_serialization": "typed contents are answered by typed contents; it wants raw ones",
    "test_scalar_io": config,
    "test_unicode_bytes": "ONNX Runtime gives Node texts, so bytes that are no UTF-8 are refused",
    "test_classificattion": "a class is written with the digits its value has (`1`), not always six (`1.000000`)",
    "test_classification_output_tensor_too_large": "there is no limit of a million elements for classes",
    "test_input_validation_all_optional": "a request without any input is refused: it says no number of rows",
}
