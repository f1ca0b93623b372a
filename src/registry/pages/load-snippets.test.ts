import { expect, test } from "vitest";
import { loadSnippet } from "./load-snippets.ts";

const field = (name: string, type: string) => ({ name, type, required: true });

test("a client's model is loaded by MLflow, with a row of its columns; quotes in names stay inside their strings", () => {
  expect(loadSnippet({ model: "mill", version: 2, origin: "client", format: null, files: [], signature: { inputs: [field('a "b"', "double")], outputs: [], params: [] } }, "http://127.0.0.1:5000")).toBe(`import mlflow
import pandas

mlflow.set_tracking_uri("http://127.0.0.1:5000")
model = mlflow.pyfunc.load_model("models:/mill/2")
model.predict(pandas.DataFrame([{"a \\"b\\"": …}]))`);
});

test("a model of this house is a graph for ONNX Runtime", () => {
  expect(loadSnippet({ model: "bike demand", version: 1, origin: "trained", format: null, files: [{ path: "model.onnx", sha256: "", size: 1 }], signature: { inputs: [field("temp", "number (float32)"), field("season", "category (string)"), field("visits", "number (float64)"), field("day", "point in time (ISO 8601)")], outputs: [], params: [] } }, "http://h")).toBe(`import urllib.request
import numpy
import onnxruntime

graph = urllib.request.urlopen("http://h/api/registry/models/bike%20demand/versions/1/model.onnx").read()
session = onnxruntime.InferenceSession(graph)
session.run(None, {
    "temp": numpy.array([[0]], numpy.float32),
    "season": numpy.array([[""]], object),
    "visits": numpy.array([[0]], numpy.float64),
    "day": numpy.array([[0]], numpy.float64),
})`);
});

test("a model of this house that only Python loads is loaded by MLflow", () => {
  expect(loadSnippet({ model: "mill", version: 1, origin: "trained", format: null, files: [{ path: "MLmodel", sha256: "", size: 1 }], signature: { inputs: [field("a", "number (float64)")], outputs: [], params: [] } }, "http://h")).toContain('mlflow.pyfunc.load_model("models:/mill/1")');
});
