"""LitServe with one worker; max_batch_size as the third argument."""
import sys

import litserve
import numpy as np

from onnx_model import open_session

path, port, batch = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])


class Api(litserve.LitAPI):
    def setup(self, device):
        self.session = open_session(path)

    def decode_request(self, request):
        return np.asarray(request["instances"], dtype=np.float32)

    def batch(self, inputs):
        return np.concatenate(inputs)

    def unbatch(self, output):
        return [row[None] for row in output]

    def predict(self, x):
        return self.session.run(None, {"x": x})[0]

    def encode_response(self, output):
        return {"predictions": output.tolist()}


if __name__ == "__main__":
    api = Api(max_batch_size=batch, batch_timeout=0.001) if batch > 1 else Api()
    litserve.LitServer(api, accelerator="cpu", workers_per_device=1).run(host="127.0.0.1", port=port, log_level="error", generate_client_file=False)
