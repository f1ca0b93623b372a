"""Models of the field, made anew by the packages of PyPI that users have, served by a gateway and asked by its protocols.

Without HTTP it writes them into SHELF, a model repository, with an MLmodel beside those whose matrix has named columns, and keeps what ONNX Runtime in Python and the
library that trained them answer. With HTTP and GRPC, addresses of a gateway of that repository, it asks each of them row by row, in requests of several rows by many
callers at once, and by name in another order, by every protocol, and says as JSON what came: by family how many were served or refused and how far they were off.
"""
import http.client
import json
import logging
import os
import pickle
import re
import sys
import threading
import traceback
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

logging.disable(logging.WARNING)
onnxruntime.set_default_logger_severity(4)
shelf = Path(os.environ["SHELF"])
kept = shelf.parent / "expected.pickle"
sys.path.insert(0, str(Path(__file__).parent))

CALLERS, REQUESTS = 8, 24


def matrix(value, labels):
    """An output of ONNX Runtime as an array; of maps by class, their numbers in the order of the classes."""
    return value if isinstance(value, np.ndarray) else np.array([[row[label] for label in labels] for row in value], np.float32)


def labels_of(model):
    zips = {}
    for node in model.graph.node:
        if node.op_type == "ZipMap":
            labels = onnx.helper.get_attribute_value(node.attribute[0])
            zips[node.output[0]] = [label.decode() if isinstance(label, bytes) else label for label in labels]
    return zips


def some(feeds, rows):
    return {name: values[rows] for name, values in feeds.items()}


def mlmodel(columns, kind):
    inputs = json.dumps([{"type": kind, "name": name, "required": True} for name in columns])
    return f"flavors:\n  onnx:\n    data: model.onnx\nsignature:\n  inputs: '{inputs}'\n"


def make():
    import boosting_cases
    import graph_cases
    import sklearn_cases
    import table_cases
    import torch_cases

    expected = {}
    for module in (sklearn_cases, table_cases, boosting_cases, torch_cases, graph_cases):
        for case in module.cases():
            assert case.name not in expected, case.name
            folder = shelf / case.name / "1"
            folder.mkdir(parents=True)
            (folder / "model.onnx").write_bytes(case.model.SerializeToString())
            if case.columns:
                [values] = case.feeds.values()
                (folder / "MLmodel").write_text(mlmodel(case.columns, "string" if values.dtype == object else "double"))
            expected[case.name] = entry = {key: getattr(case, key) for key in ("family", "feeds", "sent", "library", "tolerance", "releases", "columns", "refused")}
            if case.refused:
                continue
            session = onnxruntime.InferenceSession(case.model.SerializeToString(), providers=["CPUExecutionProvider"])
            zips = labels_of(case.model)

            def run(rows):
                outputs = session.run(None, some(case.feeds, rows))
                found = {}
                for output, value in zip(session.get_outputs(), outputs):
                    if output.type.startswith("seq(tensor"):
                        found.update((f"{output.name}_{at}", one) for at, one in enumerate(value))
                    else:
                        found[output.name] = matrix(value, zips.get(output.name))
                return found

            count = len(next(iter(case.feeds.values())))
            draw = np.random.default_rng(3)
            requests = [[row] for row in range(count)] + [sorted(draw.choice(count, min(count, size), replace=False).tolist()) for size in draw.integers(1, 4, REQUESTS)]
            entry["requests"] = [(rows, run(rows)) for rows in requests]
            entry["all"] = run(list(range(count)))
    kept.write_bytes(pickle.dumps(expected))
    print(len(expected))


class Wrong(Exception):
    pass


def post(path, body, headers={"content-type": "application/json"}):
    connection = http.client.HTTPConnection(os.environ["HTTP"])
    try:
        connection.request("POST", path, body if isinstance(body, (bytes, str)) else json.dumps(body), headers)
        answer = connection.getresponse()
        text = answer.read()
        if answer.status != 200:
            raise Wrong(f"{path}: {answer.status} {text.decode()[:300]}")
        return json.loads(text), answer.headers
    finally:
        connection.close()


def get(path):
    connection = http.client.HTTPConnection(os.environ["HTTP"])
    connection.request("GET", path)
    return json.loads(connection.getresponse().read())


def array(values):
    return np.array([np.nan if value is None else value for value in np.array(values, object).reshape(-1)], object)


def compare(got, wanted, tolerance, where):
    """The greatest difference, of the greatest of the numbers or 1. Labels are equal or the answer is wrong."""
    flat, right = array(got), np.asarray(wanted).reshape(-1)
    if len(flat) != len(right):
        raise Wrong(f"{where}: {len(flat)} values, not {len(right)}")
    if right.dtype.kind in "OSU":
        if [str(one) for one in flat] != [str(one) for one in right]:
            raise Wrong(f"{where}: {flat[:5].tolist()}, not {right[:5].tolist()}")
        return 0.0
    # JSON has the shortest decimal that reads back as the number.
    flat = flat.astype(np.float64).astype(right.dtype if right.dtype.kind == "f" else np.float64).astype(np.float64)
    right = right.astype(np.float64)
    if (np.isnan(flat) != np.isnan(right)).any():
        raise Wrong(f"{where}: {flat[:5].tolist()}, not {right[:5].tolist()}")
    known = ~np.isnan(right)
    scale = max(1.0, float(np.abs(right[known]).max(initial=0)))
    off = float(np.abs(flat - right)[known].max(initial=0)) / scale
    if off > tolerance:
        raise Wrong(f"{where}: off by {off:.2g}: {flat[:5].tolist()}, not {right[:5].tolist()}")
    return off


DATATYPES = {"float32": "FP32", "float64": "FP64", "float16": "FP16", "int64": "INT64", "int32": "INT32", "bool": "BOOL", "object": "BYTES"}


class Asked:
    """One served model, asked."""

    def __init__(self, name, entry):
        self.name, self.entry = name, entry
        self.feeds, self.columns = entry["feeds"], entry["columns"]
        self.off = 0.0
        self.protocols = 0
        config = get(f"/v2/models/{name}/config")
        self.rowwise = config["max_batch_size"] > 0
        self.merged = "dynamic_batching" in config

    def check(self, outputs, wanted, where):
        for name, values in wanted.items():
            if name not in outputs:
                raise Wrong(f"{where}: no output {name}, but {list(outputs)}")
            self.off = max(self.off, compare(outputs[name], values, self.entry["releases"], f"{where} {name}"))

    def cells(self, rows):
        """The rows of each input as clients write them: None for a missing text."""
        return {name: [self.entry["sent"][name][row] for row in rows] if name in self.entry["sent"] else self.feeds[name][rows].tolist() for name in self.feeds}

    def tensors(self, rows, by_name=False):
        if by_name:
            [values] = self.cells(rows).values()
            datatype = "BYTES" if next(iter(self.feeds.values())).dtype == object else "FP64"
            return [{"name": name, "datatype": datatype, "shape": [len(rows), 1], "data": [row[at] for row in values]} for at, name in reversed(list(enumerate(self.columns)))]
        return [{"name": name, "datatype": DATATYPES[self.feeds[name].dtype.name], "shape": list(self.feeds[name][rows].shape), "data": values} for name, values in self.cells(rows).items()]

    def infer(self, rows, by_name=False):
        answer, _ = post(f"/v2/models/{self.name}/infer", {"inputs": self.tensors(rows, by_name)})
        return {output["name"]: output["data"] for output in answer["outputs"]}

    def alone_and_mixed(self):
        requests = self.entry["requests"]
        for rows, wanted in requests[: len(next(iter(self.feeds.values())))]:
            self.check(self.infer(rows), wanted, f"row {rows[0]} alone")
        failures = []

        def work(offset):
            for at in range(len(requests)):
                rows, wanted = requests[(at * 5 + offset) % len(requests)]
                try:
                    self.check(self.infer(rows, self.columns is not None and at % 2 == 1), wanted, f"rows {rows} among others")
                except Wrong as error:
                    failures.append(error)

        callers = [threading.Thread(target=work, args=(offset * 3,)) for offset in range(CALLERS)]
        [caller.start() for caller in callers]
        [caller.join() for caller in callers]
        if failures:
            raise failures[0]
        self.protocols += 1

    def triton(self):
        import tritonclient.grpc
        import tritonclient.http

        rows = list(range(len(next(iter(self.feeds.values())))))
        for module, address in ((tritonclient.http, os.environ["HTTP"]), (tritonclient.grpc, os.environ["GRPC"])):
            with module.InferenceServerClient(address) as client:
                inputs = []
                for name, values in self.feeds.items():
                    if name in self.entry["sent"]:
                        values = np.array([["" if cell is None else cell for cell in row] for row in self.entry["sent"][name]], object)
                    tensor = module.InferInput(name, list(values.shape), DATATYPES[values.dtype.name])
                    tensor.set_data_from_numpy(values)
                    inputs.append(tensor)
                result = client.infer(self.name, inputs)
                outputs = {name: result.as_numpy(name) for name in self.entry["all"]}
                texts = {name: np.array([one.decode() for one in values.reshape(-1)], object) if values.dtype == object else values for name, values in outputs.items()}
                self.check(texts, self.entry["all"], module.__name__)
                self.protocols += 1

    def rows_by_name(self, rows):
        """As objects: by the columns of a matrix, in another order and with one more, else by the inputs."""
        cells = self.cells(rows)
        if self.columns:
            [values] = cells.values()
            return [dict(reversed([*zip(self.columns, row), ("unknown to it", 9)])) for row in values]
        plain = lambda name, row: row[0] if self.feeds[name].shape[1:] == (1,) else row
        return [{name: plain(name, values[at]) for name, values in reversed(cells.items())} for at in range(len(rows))]

    def in_rows(self, predictions, wanted):
        """Outputs of a list of records, or of the values of an only output."""
        if len(wanted) == 1 and not (isinstance(predictions[0], dict)):
            return {next(iter(wanted)): np.array(predictions, object).reshape(-1)}
        return {name: [value for row in predictions for value in np.array(row[name], object).reshape(-1)] for name in wanted}

    def by_rows(self):
        wanted = self.entry["all"]
        rows = list(range(len(next(iter(self.feeds.values())))))
        records = self.rows_by_name(rows) if self.rowwise or self.columns else self.cells(rows)
        answer, headers = post(f"/predict/{self.name}", records)
        self.check(self.in_rows(answer, wanted) if isinstance(answer, list) else answer, wanted, "/predict")
        if self.columns and headers["x-ignored-inputs"] != "unknown%20to%20it":
            raise Wrong(f"/predict: x-ignored-inputs is {headers['x-ignored-inputs']}")
        self.protocols += 1
        if not self.rowwise:
            return
        answer, _ = post(f"/v1/models/{self.name}:predict", {"instances": records})
        self.check(self.in_rows(answer["predictions"], wanted), wanted, "V1")
        answer, _ = post(f"/predictions/{self.name}", records)
        self.check(self.in_rows(answer, wanted), wanted, "TorchServe")
        header = {"content-type": "application/json", "x-amzn-sagemaker-target-model": self.name}
        names = list(records[0])
        split = {"columns": names, "data": [[record[name] for name in names] for record in records]}
        answer, _ = post("/invocations", {"dataframe_split": split}, header)
        self.check(self.in_rows(answer["predictions"], wanted), wanted, "/invocations, split")
        answer, _ = post("/invocations", {"dataframe_records": records}, header)
        self.check(self.in_rows(answer["predictions"], wanted), wanted, "/invocations, records")
        self.protocols += 4
        if len(self.feeds) == 1:
            [values] = self.cells(rows).values()
            answer, _ = post(f"/v1/models/{self.name}:predict", {"instances": values})
            self.check(self.in_rows(answer["predictions"], wanted), wanted, "V1 by position")
            self.protocols += 1

    def all(self):
        self.alone_and_mixed()
        self.triton()
        self.by_rows()


def ask():
    expected = pickle.loads(kept.read_bytes())
    index, _ = post("/v2/repository/index", {})
    states = {one["name"]: one for one in index}
    families, wrong = {}, {}
    for name, entry in expected.items():
        family = families.setdefault(entry["family"], {"served": [], "merged": 0, "refused": {}, "protocols": 0, "off runtime": 0.0, "off library": 0.0, "with library": 0})
        state = states.get(name, {"state": "absent", "reason": "not in the index"})
        if state["state"] != "READY":
            family["refused"][name] = state["reason"]
            if not entry["refused"] or not re.search(entry["refused"], state["reason"]):
                wrong[name] = f"not served: {state['reason']}"
            continue
        if entry["refused"]:
            wrong[name] = "served, and was to be refused"
            continue
        try:
            asked = Asked(name, entry)
            asked.all()
            for output, right in entry["library"].items():
                family["off library"] = max(family["off library"], compare(entry["all"][output], right, entry["tolerance"], f"the library's {output}"))
        except Exception as error:
            wrong[name] = str(error) if isinstance(error, Wrong) else traceback.format_exc(limit=-4)
            continue
        family["served"].append(name)
        family["merged"] += asked.merged
        family["with library"] += bool(entry["library"])
        family["protocols"] = max(family["protocols"], asked.protocols)
        family["off runtime"] = max(family["off runtime"], asked.off)
    print(json.dumps({"families": families, "wrong": wrong}))


make() if "HTTP" not in os.environ else ask()
