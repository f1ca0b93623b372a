"""BentoML: one worker, JSON in and out."""
import os

import bentoml
import numpy as np

from onnx_model import open_session


@bentoml.service(workers=1, traffic={"timeout": 60})
class Served:
    def __init__(self):
        self.session = open_session(os.environ["BENCH_MODEL"])

    @bentoml.api
    def predict(self, instances: list) -> dict:
        return {"predictions": self.session.run(None, {"x": np.asarray(instances, dtype=np.float32)})[0].tolist()}
