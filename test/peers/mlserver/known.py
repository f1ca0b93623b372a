"""Tests of MLServer that the gateway does not pass, with the reason for each: by a part of the test's name."""

words = "the same status, in the words that Triton's clients look for"
generate = "`generate` is not here"
program = "a program that streams text, and MLServer's own form of ModelStreamInfer"

known = {
    "test_endpoints.py::test_metadata": "it wants MLServer's own version, and no extensions",
    "test_server_metadata": "it wants MLServer's own version, and no extensions",
    "test_model_metadata": "it wants the platform and versions of a model-settings.json",
    "test_generate": generate,
    "test_infer_headers": "headers do not come back with the answer",
    "test_model_infer_headers": "headers do not come back with the answer",
    "test_infer_error[infer]": words,
    "test_infer_error[generate]": generate,
    "test_model_infer_error": words,
    "test_model_repository_load_error": words,
    "test_endpoints.py::test_infer_invalid_datatype_error": "400, not 422 with the sentences of its schema library",
    "test_servicers.py::test_infer_invalid_datatype_error": "the sentences of its schema library",
    "test_model_stream_infer": program,
}
