import { readFile, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openProtocol, startRun, type Protocol } from "./open-protocol.ts";
import { readVersion } from "../src/registry/versions.ts";
import { placeModel } from "../src/serving/place-model.ts";

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

test.each<[string, Record<string, string>, string | undefined, string, RegExp]>([
  ["no files", {}, undefined, "serving.not_servable", /it has no files/],
  ["files that no runtime opens", { "model.bin": "weights" }, undefined, "serving.not_servable", /its files are model\.bin/],
  ["files elsewhere", {}, "s3://bucket/model", "serving.files_elsewhere", /lies at s3:\/\/bucket\/model/],
])("a version with %s is refused with what would be right", async (_, files, source, code, message) => {
  const protocol = await openProtocol();
  const version = await register(protocol, "odd", files, source);
  await expect(placeModel(withPython(protocol), version)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
});
