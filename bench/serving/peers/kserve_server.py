"""KServe's Python server with a model of one's own; one worker."""
import os
import sys

import kserve
import numpy as np

from onnx_model import open_session


class Served(kserve.Model):
    def load(self):
        self.session = open_session(os.environ["BENCH_MODEL"])
        self.ready = True

    async def predict(self, payload, headers=None, response_headers=None):
        x = np.asarray(payload["instances"], dtype=np.float32)
        return {"predictions": self.session.run(None, {"x": x})[0].tolist()}


if __name__ == "__main__":
    model = Served("m")
    model.load()
    kserve.ModelServer(http_port=int(sys.argv[1]), enable_grpc=False, workers=1, access_log_format=None).start([model])
