"""TorchServe's handler: JSON as bytes in and out, read and written by orjson, all requests of a batch in one run."""
import os

import numpy as np
import orjson

from onnx_model import open_session

session = None


def handle(data, context):
    global session
    if session is None:
        session = open_session(os.environ["BENCH_MODEL"])
    # TorchServe calls once with nothing when it loads the handler.
    if not data:
        return None
    parts = [np.asarray(orjson.loads(bytes(row["body"]))["instances"], dtype=np.float32) for row in data]
    (y,) = session.run(None, {"x": parts[0] if len(parts) == 1 else np.concatenate(parts)})
    answers, start = [], 0
    for part in parts:
        answers.append(orjson.dumps({"predictions": y[start : start + len(part)]}, option=orjson.OPT_SERIALIZE_NUMPY))
        start += len(part)
    return answers
