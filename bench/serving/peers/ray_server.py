"""Ray Serve: one replica on one core."""
import os
import sys

import numpy as np
import ray
from ray import serve
from starlette.requests import Request

from onnx_model import open_session


@serve.deployment(num_replicas=1, max_ongoing_requests=256)
class Served:
    def __init__(self, path):
        self.session = open_session(path)

    async def __call__(self, request: Request):
        x = np.asarray((await request.json())["instances"], dtype=np.float32)
        return {"predictions": self.session.run(None, {"x": x})[0].tolist()}


ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": {"PYTHONPATH": os.path.dirname(os.path.abspath(__file__))}})
serve.start(http_options={"host": "127.0.0.1", "port": int(sys.argv[2])})
serve.run(Served.bind(sys.argv[1]), route_prefix="/predict")
import signal

signal.pause()
