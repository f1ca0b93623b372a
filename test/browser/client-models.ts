import { readFile } from "node:fs/promises";

const columns = '[{"type": "double", "name": "distance", "required": true}, {"type": "string", "name": "city", "required": true}]';
const mlModel = (library: string): string => `flavors:
  python_function: {loader_module: mlflow.sklearn, python_version: 3.11.7}
  sklearn: {pickled_model: model.pkl, sklearn_version: ${library}}
signature: {inputs: '${columns}', outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}]'}
`;

/** Registers two versions of the model `trips` as a client of MLflow does, an ONNX graph among their files; the alias champion points at the second. */
export async function registerClientModels(url: string): Promise<void> {
  const post = async (path: string, body: object): Promise<Record<string, Record<string, Record<string, string>>>> => {
    const answer = await fetch(`${url}/api/2.0/mlflow/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return (await answer.json()) as Record<string, Record<string, Record<string, string>>>;
  };
  const onnx = await readFile(new URL("../../src/serving/gateway/fixtures/trips-1.onnx", import.meta.url));
  await post("registered-models/create", { name: "trips", description: "how long a trip takes", tags: [{ key: "team", value: "rides" }] });
  for (const [version, library, rmse] of [["1", "1.8.0", 3.5], ["2", "1.9.1", 3.1]] as const) {
    const { run } = await post("runs/create", { experiment_id: "0", start_time: Date.now(), tags: [{ key: "mlflow.source.git.commit", value: version.repeat(40) }, { key: "mlflow.source.name", value: "train.py" }] });
    const id = run["info"]["run_id"];
    await post("runs/log-metric", { run_id: id, key: "rmse", value: rmse, timestamp: 1, step: 0 });
    await post("runs/log-parameter", { run_id: id, key: "depth", value: version });
    for (const [name, content] of [["MLmodel", mlModel(library)], ["requirements.txt", `scikit-learn==${library}\n`], ["model.onnx", onnx]] as const) {
      await fetch(`${url}/api/2.0/mlflow-artifacts/artifacts/0/${id}/artifacts/model/${name}`, { method: "PUT", headers: { "content-type": "application/octet-stream" }, body: content });
    }
    await post("model-versions/create", { name: "trips", source: `mlflow-artifacts:/0/${id}/artifacts/model`, run_id: id });
    await post("registered-models/alias", { name: "trips", alias: "champion", version });
  }
}
