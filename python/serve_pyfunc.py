"""Answers predictions of an MLflow model for Millrace's gateway: one process, one model, one request at a time.

Started by the gateway as `python serve_pyfunc.py FOLDER`; file descriptor 3 is a socket to it. Both sides send frames: the length
of a JSON header and of the body behind it (two unsigned 32-bit little-endian integers), header, body. A body holds the tensors
that the header lists, one after the other: numbers little-endian, strings each behind its length in 32 bits. What the model
prints goes to stdout and stderr, which the gateway writes to its log. The process ends when the socket does.
"""
import json
import os
import queue
import signal
import socket
import struct
import sys
import threading
import traceback

from pyfunc_tensors import DATATYPES, UNNAMED_OUTPUT, BadRequest, answer_tensors, column_array, list_array, read_tensors, texts, write_tensor

# MLflow's column types (mlflow.types.DataType); every other type, such as an array or an object, travels as JSON text.
COLUMN_TYPES = {
    "boolean": "BOOL", "integer": "INT32", "long": "INT64", "float": "FP32", "double": "FP64", "string": "BYTES",
    "binary": "BYTES", "datetime": "BYTES",
}
UNNAMED_INPUT = "input"


class Connection:
    """Frames over the socket; written by one thread at a time."""

    def __init__(self, descriptor):
        self._socket = socket.socket(fileno=descriptor)
        self._socket.setblocking(True)
        self._file = self._socket.makefile("rb", buffering=1 << 16)
        self._lock = threading.Lock()

    def read(self):
        """The next header and body; None at the end."""
        sizes = self._file.read(8)
        if len(sizes) < 8:
            return None
        header_size, body_size = struct.unpack("<II", sizes)
        header, body = self._file.read(header_size), self._file.read(body_size)
        return None if len(header) + len(body) < header_size + body_size else (json.loads(header), body)

    def write(self, header, parts=()):
        encoded = json.dumps(header).encode()
        size = sum(len(part) for part in parts)
        with self._lock:
            self._socket.sendall(struct.pack("<II", len(encoded), size) + encoded)
            for part in parts:
                self._socket.sendall(part)


def end_with_parent():
    """Linux ends this process with its parent even while a model holds the interpreter and nobody reads the socket."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG


def resident_bytes():
    try:
        with open("/proc/self/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


class Served:
    """A model with its signature as tensors."""

    def __init__(self, model):
        self.model = model
        metadata = model.metadata
        self.schema = metadata.get_input_schema() if metadata.signature else None
        self.output_schema = metadata.get_output_schema() if metadata.signature else None
        if self.schema is not None and not self.schema.inputs:
            self.schema = None
        self.by_tensor = self.schema is not None and self.schema.is_tensor_spec()
        self.inputs = [self._spec(spec, index, self.schema, UNNAMED_INPUT) for index, spec in enumerate(self.schema or [])]
        self.outputs = [self._spec(spec, index, self.output_schema, UNNAMED_OUTPUT) for index, spec in enumerate(self.output_schema or [])]
        for spec in self.outputs:
            spec.pop("reading", None)  # That is how requests are read.
        self.output_names = [spec["name"] for spec in self.outputs]
        specs = self.inputs + self.outputs
        self.params = (metadata.get_params_schema() if metadata.signature else None) or []
        self.rowwise = bool(self.inputs) and all(spec["shape"] and spec["shape"][0] == -1 for spec in specs)

    @staticmethod
    def _spec(spec, index, schema, unnamed):
        name = spec.name if spec.name is not None else unnamed if len(schema.inputs) == 1 else f"{unnamed}_{index}"
        if schema.is_tensor_spec():
            code = f"{spec.type.kind}{spec.type.itemsize}"
            datatype = "BOOL" if spec.type.kind == "b" else next((known for known, its in DATATYPES.items() if its == code), "BYTES")
            return {"name": str(name), "datatype": datatype, "shape": list(spec.shape)}
        datatype = COLUMN_TYPES.get(getattr(spec.type, "name", ""), "BYTES")
        # Read by the gateway, which hands on one form of it.
        reading = {"reading": {"type": "timestamp", "iso": True}} if getattr(spec.type, "name", "") == "datetime" else {}
        return {"name": str(name), "datatype": datatype, "shape": [-1, 1], "optional": not spec.required, **reading}

    def param_facts(self):
        """What requests may set, as the gateway tells it."""
        named = [(spec, spec.to_dict()) for spec in self.params]
        kinds = COLUMN_TYPES.keys() - {"binary"}
        return [
            {"name": spec.name, "type": fact["type"] if fact["type"] in kinds else "object", "list": spec.shape is not None, "default": fact["default"]}
            for spec, fact in named
        ]

    def given(self, params):
        """The arguments of `predict` that a request's parameters make; a value that does not fit is the request's fault."""
        if not params:
            return {}
        from mlflow.exceptions import MlflowException

        for spec in self.params:
            try:
                if spec.name in params:
                    type(spec).validate_param_spec(params[spec.name], spec)
            except MlflowException as error:
                raise BadRequest(f"parameters.{spec.name}: {error.message}")
        return {"params": params}

    @property
    def streamable(self):
        return bool(self.model.metadata.flavors.get("python_function", {}).get("streamable"))

    def data(self, tensors):
        """The tensors of a request as what `predict` of this model takes."""
        if self.schema is None:
            return self._unsigned(tensors)
        if self.by_tensor:
            arrays = {spec["name"]: self._tensor(tensors[spec["name"]], spec, its) for spec, its in zip(self.inputs, self.schema.inputs) if spec["name"] in tensors}
            return arrays if self.schema.has_input_names() else arrays[self.inputs[0]["name"]]
        import pandas as pd

        columns = {}
        for spec, its in zip(self.inputs, self.schema.inputs):
            if spec["name"] in tensors:
                columns[spec["name"]] = self._column(tensors[spec["name"]].reshape(-1), spec["name"], its)
        frame = pd.DataFrame(columns)
        if not self.schema.has_input_names():
            frame.columns = range(len(frame.columns))
        return frame

    @staticmethod
    def _tensor(array, spec, its):
        return texts(array, spec["name"]).astype(its.type) if spec["datatype"] == "BYTES" else array.astype(its.type, copy=False)

    @staticmethod
    def _column(array, name, spec):
        import pandas as pd

        kind = getattr(spec.type, "name", None)
        if kind == "binary":
            return pd.Series(array, dtype=object)
        if kind in COLUMN_TYPES and COLUMN_TYPES[kind] != "BYTES":
            return array
        values = texts(array, name)
        try:
            if kind == "datetime":
                return pd.to_datetime(pd.Series(values, dtype=object), format="ISO8601")
            if kind == "string":
                return pd.Series(values, dtype=object)
            parsed = [None if value is None else json.loads(value) for value in values]
        except Exception as error:
            raise BadRequest(f'inputs "{name}" takes {"dates and times (ISO 8601)" if kind == "datetime" else f"JSON text of {spec.type}"}: {error}')
        return pd.Series(parsed, dtype=object)

    @staticmethod
    def _unsigned(tensors):
        """Without a signature: columns as a table, one tensor of more as an array, several as arrays by name."""
        import pandas as pd

        arrays = {name: texts(array, name) if array.dtype == object else array for name, array in tensors.items()}
        columns = all(array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 1) for array in arrays.values())
        if columns and len({len(array) for array in arrays.values()}) == 1:
            return pd.DataFrame({name: array.reshape(-1) for name, array in arrays.items()})
        return next(iter(arrays.values())) if len(arrays) == 1 else arrays

    def encode(self, answer):
        written = [write_tensor(name, array) for name, array in answer_tensors(answer, self.output_names)]
        return [head for head, _ in written], [data for _, data in written]

    def learn(self):
        """Outputs as an answer to the model's own input example shows them; nothing where it has none or cannot answer it."""
        try:
            example = self.model.input_example
            if example is None:
                return
            heads, _ = self.encode(self.model.predict(example))
        except Exception as error:
            print(f"The input example of the model is not answered: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            return
        rows = len(example) if hasattr(example, "__len__") else None
        if isinstance(example, dict):
            rows = None  # Of one row, or of columns: it does not say.
        elif any(not head["shape"] or head["shape"][0] != rows for head in heads):
            self.rowwise = False
        self.outputs = [
            {"name": head["name"], "datatype": head["datatype"], "shape": [-1 if axis == 0 and size == rows else size for axis, size in enumerate(head["shape"])]}
            for head in heads
        ]


def blame(error):
    from mlflow.exceptions import MlflowException

    enforced = isinstance(error, MlflowException) and "Failed to enforce schema" in str(error)
    return "request" if enforced or isinstance(error, BadRequest) else "model"


class Recorder:
    """Stands for the model while MLflow's scoring server uses it, and keeps what went in and came out for the prediction log."""

    def __init__(self, served):
        self._served = served
        self.metadata = served.model.metadata
        self.data = self.answer = None

    def predict(self, data, params=None):
        if self._served.rowwise and hasattr(data, "__len__") and not isinstance(data, (dict, str)) and len(data) == 0:
            return []  # No rows are answered without the model, by every protocol.
        self.data = data
        self.answer = self._served.model.predict(data, params=params)
        return self.answer


def scored(served, recorder):
    """Tensors of a scoring request whose rows and answers match one to one; None where that cannot be told."""
    import numpy as np
    import pandas as pd

    data = recorder.data
    try:
        if isinstance(data, pd.DataFrame):
            named = [(str(name), column_array(data[name])) for name in data.columns]
        elif isinstance(data, dict):
            named = [(str(name), list_array(value)) for name, value in data.items()]
        else:
            named = [(served.inputs[0]["name"] if len(served.inputs) == 1 else UNNAMED_INPUT, np.asarray(data))]
        inputs = [write_tensor(name, array) for name, array in named]
        outputs = [write_tensor(name, array) for name, array in answer_tensors(recorder.answer, served.output_names)]
    except Exception:
        return None  # Data of no table's shape, a chat for example: answered as it is, and logged without rows.
    sizes = {head["shape"][0] if head["shape"] else 0 for head, _ in inputs + outputs}
    return (inputs, outputs) if len(sizes) == 1 and 0 not in sizes else None


def answer_native(served, content_type, body):
    """What MLflow's scoring server answers: status, content type, body, and the tensors for the log."""
    from mlflow.exceptions import MlflowException
    from mlflow.pyfunc import scoring_server

    recorder = Recorder(served)
    try:
        said = scoring_server.invocations(body, content_type, recorder, served.model.metadata.get_input_schema())
    except MlflowException as error:
        return error.get_http_status_code(), "application/json", error.serialize_as_json().encode(), None
    return said.status, said.mimetype, said.response.encode(), scored(served, recorder) if said.status == 200 else None


def serve(served, connection, requests):
    while True:
        header, body = requests.get()
        number = header["id"]
        try:
            if header["op"] == "native":
                status, content_type, answer, log = answer_native(served, header["contentType"], body)
                inputs, outputs = log or ([], [])
                heads = {"inputs": [head for head, _ in inputs], "outputs": [head for head, _ in outputs]}
                said = {"id": number, "status": status, "contentType": content_type, "length": len(answer), **heads}
                connection.write(said, [answer, *(data for _, data in inputs + outputs)])
                continue
            data = served.data(read_tensors(header["inputs"], body))
            given = served.given(header.get("params"))
            if header["op"] == "stream":
                for part in served.model.predict_stream(data, **given):
                    heads, parts = served.encode(part)
                    connection.write({"id": number, "outputs": heads, "more": True}, parts)
                connection.write({"id": number, "outputs": []})
            else:
                heads, parts = served.encode(served.model.predict(data, **given))
                connection.write({"id": number, "outputs": heads}, parts)
        except (BrokenPipeError, ConnectionResetError):
            os._exit(0)
        except Exception as error:
            at_fault = blame(error)
            if at_fault == "model":
                traceback.print_exc()
            name = "" if isinstance(error, BadRequest) else f"{type(error).__name__}: "
            connection.write({"id": number, "fault": at_fault, "message": f"{name}{error}"})


def receive(connection, requests):
    """Reads while the model works, so that heartbeats are answered and the end of the gateway is seen."""
    try:
        while (frame := connection.read()) is not None:
            if frame[0]["op"] == "ping":
                connection.write({"pong": resident_bytes()})
            else:
                requests.put(frame)
    except OSError:
        pass
    os._exit(0)


def load(folder):
    """The model; exits with a sentence where it cannot be loaded."""
    try:
        from mlflow import pyfunc
        from mlflow.pyfunc import scoring_server  # noqa: F401
        import numpy  # noqa: F401
        import pandas  # noqa: F401
    except ImportError as error:
        return None, f"The Python {sys.executable} has no {error.name or 'mlflow'}, which MLflow models need ({error}): install mlflow and what the model's requirements.txt names there, or name another Python"
    try:
        return Served(pyfunc.load_model(folder)), None
    except ImportError as error:
        return None, f"The Python {sys.executable} cannot load {folder}: {error}; the model's requirements.txt names what it needs"
    except Exception as error:
        traceback.print_exc()
        return None, f"{folder} cannot be loaded: {type(error).__name__}: {error}"


def main():
    end_with_parent()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C goes to the whole group; the gateway says when to end.
    sys.stdout.reconfigure(line_buffering=True)
    connection = Connection(3)
    requests = queue.SimpleQueue()
    threading.Thread(target=receive, args=(connection, requests), daemon=True).start()
    served, failure = load(sys.argv[1])
    if failure is not None:
        connection.write({"failed": failure})
        sys.exit(1)
    os.environ["_MLFLOW_IS_IN_SERVING_ENVIRONMENT"] = "true"  # As in MLflow's scoring server.
    served.learn()
    facts = {"inputs": served.inputs, "outputs": served.outputs, "params": served.param_facts(), "rowwise": served.rowwise, "streamable": served.streamable}
    packed = (served.model.metadata.metadata or {}).get("millrace.signature")
    if packed is not None:
        facts["signature"] = packed
    connection.write({"ready": facts, "memory": resident_bytes()})
    serve(served, connection, requests)


if __name__ == "__main__":
    main()
