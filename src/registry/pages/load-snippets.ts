import type { Evidence } from "../evidence.ts";

/** A value of a graph's input, by what evidence says of it. Points in time enter as milliseconds since 1970. */
const valueOf = (type: string): string => (type.startsWith("category") ? 'numpy.array([[""]], object)' : `numpy.array([[0]], numpy.${type === "number (float32)" ? "float32" : "float64"})`);

/** A text as Python writes it. */
const python = (text: string): string => JSON.stringify(text);

/** Python that loads a version and calls it: by MLflow where it is a model of MLflow's, by ONNX Runtime where it is a graph of this house. */
export function loadSnippet(evidence: Pick<Evidence, "model" | "version" | "origin" | "signature" | "format" | "files">, origin: string): string {
  const { model, version, signature } = evidence;
  const columns = (signature?.inputs ?? []).map(({ name }) => name).filter((name) => name !== "");
  if (evidence.origin === "client" || evidence.files.some(({ path }) => path === "MLmodel")) {
    const row = columns.length > 0 ? `pandas.DataFrame([{${columns.map((name) => `${python(name)}: …`).join(", ")}}])` : "…";
    return ["import mlflow", ...(columns.length > 0 ? ["import pandas"] : []), "", `mlflow.set_tracking_uri(${python(origin)})`, `model = mlflow.pyfunc.load_model(${python(`models:/${model}/${version}`)})`, `model.predict(${row})`].join("\n");
  }
  const feeds = (signature?.inputs ?? []).map(({ name, type }) => `    ${python(name)}: ${valueOf(type)},`);
  return [
    "import urllib.request",
    "import numpy",
    "import onnxruntime",
    "",
    `graph = urllib.request.urlopen(${python(`${origin}/api/registry/models/${encodeURIComponent(model)}/versions/${version}/model.onnx`)}).read()`,
    "session = onnxruntime.InferenceSession(graph)",
    "session.run(None, {",
    ...feeds,
    "})",
  ].join("\n");
}
