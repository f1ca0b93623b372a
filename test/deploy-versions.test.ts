import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openProtocol, startRun, type Protocol } from "./open-protocol.ts";
import { newVersion } from "../src/registry/fixtures/open-registry.ts";
import { registerVersion } from "../src/registry/registry.ts";
import { readVersion } from "../src/registry/versions.ts";
import { placeModel } from "../src/serving/place-model.ts";
import { recordRun } from "../src/tracking/tracking.ts";

const onnx = await readFile(new URL("../src/serving/gateway/fixtures/trips-1.onnx", import.meta.url));
const onnxModel = "flavors:\n  onnx:\n    data: graph/model.onnx\n  python_function:\n    loader_module: mlflow.onnx\n";
const pythonModel = "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n  sklearn:\n    pickled_model: model.pkl\n";

/** A version that a client registered, with these files. */
async function register(protocol: Protocol, name: string, files: Readonly<Record<string, string | Uint8Array>>, source?: string) {
  const run = await startRun(protocol);
  for (const [path, content] of Object.entries(files)) {
    const url = `/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/model/${path}`;
    const answer = await protocol.server.inject({ method: "PUT", url, headers: { "content-type": "application/octet-stream" }, payload: Buffer.from(content) });
    expect(answer.statusCode).toBe(200);
  }
  await protocol.post("registered-models/create", { name });
  await protocol.post("model-versions/create", { name, source: source ?? `mlflow-artifacts:/0/${run}/artifacts/model`, run_id: run });
  return readVersion(protocol.house.db, name, 1);
}

const withPython = ({ house }: Protocol) => ({ ...house, settings: { ...house.settings, python: "python3" } });

test("a version with an ONNX graph is served as such, whoever registered it, with the files it refers to", async () => {
  const protocol = await openProtocol();
  const alone = await placeModel(protocol.house, await register(protocol, "alone", { "model.onnx": onnx }));
  expect(alone.runtime).toBe("onnx");
  expect(await readFile(alone.location)).toEqual(onnx);
  const flavoured = await register(protocol, "flavoured", { MLmodel: onnxModel, "graph/model.onnx": onnx, "graph/weights.bin": "weights" });
  const placed = await placeModel(protocol.house, flavoured);
  expect(placed).toMatchObject({ runtime: "onnx", location: expect.stringMatching(/graph\/model\.onnx$/) });
  expect(await readFile(join(placed.location, "..", "weights.bin"), "utf8")).toBe("weights");
  expect(await placeModel(protocol.house, flavoured)).toEqual(placed);
});

test("a Python model is served only where the server was told that it may run them, from copies of its files", async () => {
  const protocol = await openProtocol();
  const version = await register(protocol, "pickled", { MLmodel: pythonModel, "model.pkl": "a pickle" });
  await expect(placeModel(protocol.house, version)).rejects.toMatchObject({ code: "serving.python_not_allowed", message: expect.stringMatching(/--python/) });
  const { location, runtime } = await placeModel(withPython(protocol), version);
  expect([runtime, (await readdir(location)).sort()]).toEqual(["python", ["MLmodel", "model.pkl"]]);
  expect((await stat(join(location, "model.pkl"))).nlink).toBe(1);
});

test("a Python model that was trained here is served by the Python it was trained in; where that has gone, by the one that the server was told of, or it is said", async () => {
  const protocol = await openProtocol();
  const { db, blobs } = protocol.house;
  const file = { path: "MLmodel", ...(await blobs.put(Buffer.from(pythonModel))) };
  const trainedIn = async (run: string, interpreter: string) => {
    await recordRun(db, { id: run, experiment: run, name: run, status: "finished", startedAt: 1, endedAt: 2, params: {}, tags: {}, metrics: [], artifacts: [], lineage: [] });
    return registerVersion(db, newVersion(run, run, { artifact: { sha256: file.sha256, size: file.size, python: { files: [file], interpreter, version: "3.12.1", packages: { numpy: "2.4.6", "scikit-learn": "1.9.1" } } } }));
  };
  expect(await placeModel(protocol.house, await trainedIn("there", process.execPath))).toMatchObject({ runtime: "python", options: { python: process.execPath } });
  const gone = await trainedIn("gone", "/nowhere/bin/python");
  await expect(placeModel(protocol.house, gone)).rejects.toMatchObject({ code: "serving.python_gone", message: expect.stringMatching(/trained in the Python \/nowhere\/bin\/python, .* --python <a Python 3\.12\.1 with scikit-learn 1\.9\.1>/) as string });
  expect(await placeModel(withPython(protocol), gone)).toMatchObject({ options: { python: "python3" } });
});

test.each<[string, Record<string, string>, string | undefined, string, RegExp]>([
  ["no files", {}, undefined, "serving.not_servable", /it has no files/],
  ["files that no runtime opens", { "model.bin": "weights" }, undefined, "serving.not_servable", /its files are model\.bin/],
  ["files elsewhere", {}, "s3://bucket/model", "serving.files_elsewhere", /lies at s3:\/\/bucket\/model/],
])("a version with %s is refused with what would be right", async (_, files, source, code, message) => {
  const protocol = await openProtocol();
  const version = await register(protocol, "odd", files, source);
  await expect(placeModel(withPython(protocol), version)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});
