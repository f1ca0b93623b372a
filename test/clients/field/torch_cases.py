"""Networks of PyTorch as both of its exporters write them, and quantized by ONNX Runtime."""
import io
import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import quantize_dynamic
from torch import nn

from case import ROWS, Case, rng

torch.manual_seed(5)


class Embedded(nn.Module):
    """Codes and numbers of a table."""

    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(20, 4)
        self.layers = nn.Sequential(nn.Linear(2 * 4 + 3, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 1))

    def forward(self, codes, numbers):
        return self.layers(torch.cat([self.table(codes).flatten(1), numbers], dim=1))


class Recurrent(nn.Module):
    """The last state of a series."""

    def __init__(self, kind):
        super().__init__()
        self.kind = kind(4, 8, batch_first=True)
        self.scores = nn.Linear(8, 2)

    def forward(self, series):
        states, _ = self.kind(series)
        return self.scores(states[:, -1])


class Attending(nn.Module):
    """A layer of a transformer, and the mean over the series."""

    def __init__(self):
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, series):
        return self.layer(series).mean(dim=1)


def normal(*shape):
    return rng.normal(size=(ROWS, *shape)).astype(np.float32)


def networks():
    image = nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(3 * 4 * 4, 3), nn.Softmax(dim=1))
    yield "mlp", nn.Sequential(nn.Linear(4, 16), nn.GELU(), nn.LayerNorm(16), nn.Linear(16, 3)), {"input": normal(4)}
    yield "embedding", Embedded(), {"codes": rng.integers(0, 20, (ROWS, 2)), "numbers": normal(3)}
    yield "convolution", image, {"input": normal(1, 8, 8)}
    yield "lstm", Recurrent(nn.LSTM), {"series": normal(5, 4)}
    yield "gru", Recurrent(nn.GRU), {"series": normal(5, 4)}
    yield "transformer", Attending(), {"series": normal(5, 8)}


def exported(network, feeds, dynamo):
    """With the first dimension left open, as the documentation of each exporter does it."""
    arguments = tuple(torch.from_numpy(values[:2]) for values in feeds.values())
    if dynamo:
        open_rows = tuple({0: torch.export.Dim("rows")} for _ in feeds)
        program = torch.onnx.export(network, arguments, dynamo=True, dynamic_shapes=open_rows, input_names=list(feeds), output_names=["answer"], verbose=False)
        return program.model_proto
    file = io.BytesIO()
    rows = {name: {0: "rows"} for name in [*feeds, "answer"]}
    torch.onnx.export(network, arguments, file, dynamo=False, dynamic_axes=rows, input_names=list(feeds), output_names=["answer"])
    return onnx.load_from_string(file.getvalue())


def quantized(model):
    with tempfile.TemporaryDirectory() as folder:
        plain, made = str(Path(folder) / "plain.onnx"), str(Path(folder) / "made.onnx")
        onnx.save(model, plain)
        quantize_dynamic(plain, made)
        return onnx.load(made)


def cases():
    for name, network, feeds in networks():
        network.eval()
        with torch.no_grad():
            right = network(*(torch.from_numpy(values) for values in feeds.values())).numpy()
        for exporter, dynamo in [("dynamo", True), ("script", False)]:
            model = exported(network, feeds, dynamo)
            columns = ["a", "b", "c", "d"] if name == "mlp" else None
            yield Case(f"torch_{name}_{exporter}", "PyTorch (torch.onnx.export)", model, feeds, library={"answer": right}, columns=columns)
            if name in ("mlp", "embedding", "lstm"):
                # DynamicQuantizeLSTM of onnxruntime 1.30.0 (Node) and 1.32.0 (Python) round the states otherwise: up to 0.0007 of answers below 1.
                releases = 2e-3 if name == "lstm" else Case.releases
                yield Case(f"torch_{name}_{exporter}_int8", "PyTorch, quantized (onnxruntime)", quantized(model), feeds, columns=columns, releases=releases)
