import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { openProtocol, startRun, type Protocol } from "../../test/open-protocol.ts";
import { compareEvidence, differences } from "./compare.ts";
import { readEvidence } from "./evidence.ts";
import { newVersion } from "./fixtures/open-registry.ts";
import { registerVersion } from "./registry.ts";

const mlModel = (columns: readonly object[]): string => `flavors:
  python_function: {loader_module: mlflow.sklearn, python_version: 3.11.7}
  sklearn: {pickled_model: model.pkl, sklearn_version: 1.9.1}
mlflow_version: 3.17.2
signature:
  inputs: '${JSON.stringify(columns)}'
  outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1]}}]'
`;

async function upload({ server }: Protocol, path: string, content: string | Buffer): Promise<void> {
  const answer = await server.inject({ method: "PUT", url: `/api/2.0/mlflow-artifacts/artifacts/${path}`, headers: { "content-type": "application/octet-stream" }, payload: Buffer.from(content) });
  expect(answer.statusCode).toBe(200);
}

/** A version as MLflow's client makes one: a run with tags, params, metrics and a dataset, a folder of files, a registration. */
async function clientVersion(protocol: Protocol, change: { readonly commit?: string; readonly rmse?: number; readonly depth?: string; readonly columns?: readonly object[]; readonly requirements?: string; readonly onnx?: boolean } = {}): Promise<string> {
  const { post } = protocol;
  const run = await startRun(protocol, { tags: [{ key: "mlflow.source.git.commit", value: change.commit ?? "c1" }, { key: "mlflow.source.git.repoURL", value: "git@example.org:mill" }, { key: "mlflow.source.name", value: "train.py" }] });
  await post("runs/log-parameter", { run_id: run, key: "depth", value: change.depth ?? "3" });
  await post("runs/log-metric", { run_id: run, key: "rmse", value: change.rmse ?? 2, timestamp: 1, step: 0 });
  await post("runs/log-inputs", {
    run_id: run,
    datasets: [{ tags: [{ key: "mlflow.data.context", value: "training" }], dataset: { name: "trips", digest: "d1", source_type: "local", source: '{"uri": "trips.csv"}', schema: '{"mlflow_colspec": [{"type": "double", "name": "x", "required": true}]}', profile: '{"num_rows": 40}' } }],
  });
  const folder = `0/${run}/artifacts/model`;
  await upload(protocol, `${folder}/MLmodel`, mlModel(change.columns ?? [{ type: "double", name: "x", required: true }]));
  await upload(protocol, `${folder}/requirements.txt`, change.requirements ?? "scikit-learn==1.9.1\n");
  await upload(protocol, `${folder}/model.pkl`, "not read by anybody here");
  if (change.onnx) await upload(protocol, `${folder}/model.onnx`, await readFile(new URL("../serving/gateway/fixtures/trips-1.onnx", import.meta.url)));
  await post("registered-models/create", { name: "mill" });
  return (await post("model-versions/create", { name: "mill", source: `mlflow-artifacts:/${folder}`, run_id: run })).body.model_version.version;
}

describe("evidence", () => {
  test("of a client's version: its run, its dataset, its folder", async () => {
    const protocol = await openProtocol();
    await clientVersion(protocol, { onnx: true });
    const evidence = await readEvidence(protocol.house, "mill", 1);
    expect(evidence).toMatchObject({
      origin: "client",
      why: "registered by local",
      code: { commit: "c1", repository: "git@example.org:mill", branch: null, dirty: null, entryPoint: "train.py" },
      data: [{ name: "trips", digest: "d1", role: "training", source: 'local: {"uri": "trips.csv"}', rows: 40, columns: { x: "double" }, ours: false }],
      config: { depth: "3" },
      environment: { python: "3.11.7", mlflow: "3.17.2", "scikit-learn": "==1.9.1" },
      evaluation: [{ metric: "rmse", value: 2, low: null, high: null, dataset: null, from: "run" }],
      gate: null,
      signature: { inputs: [{ name: "x", type: "double", required: true }], outputs: [{ name: "", type: "tensor float64[-1]", required: true }], params: [] },
      format: { flavors: { sklearn: { sklearn_version: "1.9.1" } } },
      graph: { parameters: 3 },
      notes: [],
    });
    expect(evidence.files.map(({ path }) => path)).toEqual(["MLmodel", "model.onnx", "model.pkl", "requirements.txt"]);
    expect(evidence.size).toBe(evidence.files.reduce((sum, { size }) => sum + size, 0));
  });

  test("of a version of this house; a dataset version that is gone is told", async () => {
    const { house } = await openProtocol();
    const artifact = await house.blobs.put(await readFile(new URL("../serving/gateway/fixtures/trips-1.onnx", import.meta.url)));
    await registerVersion(house.db, newVersion("mill", "p1", { artifact, environment: { node: "24", code: "abc-dirty" }, signature: { task: "regression", target: "y", features: [{ name: "x", type: "number" }] } }));
    expect(await readEvidence(house, "mill", 1)).toMatchObject({
      origin: "trained",
      code: { commit: "abc", dirty: true },
      config: { algorithm: "linear", alpha: "1" },
      environment: { node: "24" },
      evaluation: [{ metric: "rmse", value: 2, low: 1, high: 3, from: "evaluation" }],
      gate: { passed: true },
      signature: { inputs: [{ name: "x", type: "number (float32)" }], outputs: [{ name: "y" }] },
      graph: { outputs: [{ name: "prediction", type: "float32[N, 1]" }] },
      size: artifact.size,
      notes: [expect.stringContaining("dataset version d1 is not there any more")],
    });
  });

  test.each([
    ["s3://bucket/model", /kept at s3:\/\/bucket\/model, outside of the artifact store/],
    ["mlflow-artifacts:/0/r/artifacts/nothing", /There are no files at/],
  ])("of files at %s it says what is the matter", async (source, note) => {
    const { house, post } = await openProtocol();
    await post("registered-models/create", { name: "mill" });
    await post("model-versions/create", { name: "mill", source });
    expect((await readEvidence(house, "mill", 1)).notes.join("\n")).toMatch(note);
  });

  test("a broken MLmodel, broken YAML and a broken ONNX file are notes", async () => {
    const protocol = await openProtocol();
    const version = await clientVersion(protocol, { requirements: "x" });
    const folder = (await protocol.get(`model-versions/get?name=mill&version=${version}`)).body.model_version.source.replace("mlflow-artifacts:/", "") as string;
    for (const [name, text] of [["MLmodel", "a: [b"], ["python_env.yaml", "- a: [b"], ["model.onnx", "no graph"]]) await upload(protocol, `${folder}/${name}`, text);
    const { notes, signature, graph } = await readEvidence(protocol.house, "mill", 1);
    expect({ signature, graph }).toEqual({ signature: null, graph: null });
    expect(notes).toEqual([expect.stringContaining("ONNX file cannot be described"), expect.stringContaining("MLmodel is no YAML"), expect.stringContaining("python_env.yaml is no YAML")]);
  });
});

describe("comparison", () => {
  test("what differs is told by kind, and metrics with their intervals", async () => {
    const protocol = await openProtocol();
    await clientVersion(protocol);
    await clientVersion(protocol, { commit: "c2", rmse: 1.5, depth: "5", columns: [{ type: "float", name: "x" }, { type: "double", name: "z" }], requirements: "scikit-learn==1.9.1\nnumpy==2.4\n" });
    const { body } = await protocol.get("/api/registry/models/mill/versions/1/compare?with=2");
    const changed = (part: string) => (body[part] as { name: string; status: string }[]).filter(({ status }) => status !== "same").map(({ name, status }) => `${name} ${status}`);
    expect(changed("code")).toEqual(["commit changed"]);
    expect(changed("config")).toEqual(["depth changed"]);
    expect(changed("data")).toEqual([]);
    expect(changed("environment")).toEqual(["numpy added"]);
    expect(changed("signature")).toEqual(["input x changed", "input z added"]);
    expect(changed("files")).toEqual(["MLmodel changed", "requirements.txt changed"]);
    expect(body.metrics).toMatchObject([{ metric: "rmse", difference: -0.5, overlap: null, better: "b" }]);
  });

  test.each([
    ["apart", { low: 1, high: 2 }, { low: 3, high: 4 }, false, "a"],
    ["overlapping", { low: 1, high: 3.2 }, { low: 3, high: 4 }, true, null],
  ])("intervals that are %s", async (_, a, b, overlap, better) => {
    const { house } = await openProtocol();
    const put = async (run: string, { low, high }: { low: number; high: number }) => registerVersion(house.db, newVersion("mill", run, { artifact: await house.blobs.put(Buffer.from(run)), metrics: { rmse: { value: (low + high) / 2, low, high } } }));
    await put("p1", a);
    await put("p2", b);
    const { metrics } = compareEvidence(await readEvidence(house, "mill", 1), await readEvidence(house, "mill", 2));
    expect(metrics).toMatchObject([{ overlap, better }]);
  });

  test("names that objects have by birth are names like others", () => {
    expect(differences({}, { constructor: "x" })).toEqual([{ name: "constructor", status: "added", a: null, b: "x" }]);
  });
});

test("a file of a version comes down as an attachment that no browser runs; another path does not", async () => {
  const protocol = await openProtocol();
  await clientVersion(protocol);
  const { server } = protocol;
  const file = await server.inject({ method: "GET", url: "/api/registry/models/mill/versions/1/files/requirements.txt" });
  expect([file.statusCode, file.body, file.headers["content-type"], file.headers["content-security-policy"]]).toEqual([200, "scikit-learn==1.9.1\n", "application/octet-stream", "sandbox; default-src 'none'"]);
  expect((await server.inject({ method: "GET", url: "/api/registry/models/mill/versions/1/files/..%2Fother" })).statusCode).toBe(404);
});
