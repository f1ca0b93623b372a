import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { openProtocol, type Protocol } from "../../../test/open-protocol.ts";

const onnx = await readFile(new URL("../../serving/gateway/fixtures/trips-1.onnx", import.meta.url));

/** A version with an MLmodel that has a signature. */
async function withVersion(): Promise<Protocol> {
  const protocol = await openProtocol();
  await protocol.server.inject({ method: "PUT", url: "/api/2.0/mlflow-artifacts/artifacts/0/r/artifacts/model/MLmodel", headers: { "content-type": "application/octet-stream" }, payload: `flavors: {sklearn: {}}\nsignature: {inputs: '[{"type": "double", "name": "x"}]'}` });
  await protocol.post("registered-models/create", { name: "mill" });
  await protocol.post("model-versions/create", { name: "mill", source: "mlflow-artifacts:/0/r/artifacts/model" });
  return protocol;
}

const convert = (protocol: Protocol, content: Buffer) =>
  protocol.post("/api/registry/models/mill/versions/1/conversions", { onnx: content.toString("base64"), versions: { onnx: "1.19.0", python: "3.11.7", skl2onnx: "1.20.0" }, compared: { rows: 5, made: 40, difference: 1e-7, share: 1e-8, differentLabels: 0, refused: 3, rounded: 0, mended: ["the exponential"] } });

test("the graph is the next version, loadable by MLflow, with its signature and where it came from", async () => {
  const protocol = await withVersion();
  expect(await convert(protocol, onnx)).toEqual({ status: 200, body: { version: 2 } });
  const { body: evidence } = await protocol.get("/api/registry/models/mill/versions/2/evidence");
  expect(evidence).toMatchObject({
    why: "version 1 converted to ONNX by skl2onnx 1.20.0 (greatest difference 1e-7 over 5 rows of the example and 40 made rows; mended: the exponential)",
    format: { flavors: { onnx: { data: "model.onnx" }, python_function: { loader_module: "mlflow.onnx" } } },
    signature: { inputs: [{ name: "x", type: "double" }] },
    environment: { onnx: "==1.19.0", python: "3.11.7" },
    graph: { inputs: [{ name: "distance" }, { name: "seats" }, { name: "city" }] },
    notes: [],
  });
  const { body } = await protocol.get("/api/registry/models/mill/versions/2");
  expect(body.lineage).toContainEqual({ from: { kind: "model_version", id: "mill/1" }, to: { kind: "model_version", id: "mill/2" }, role: "derived_from" });
  expect((await protocol.get("model-versions/get-download-uri?name=mill&version=2")).body.artifact_uri).toMatch(/^mlflow-artifacts:\/0\/models\/m-[0-9a-f]{32}\/artifacts$/);
});

test("what is no graph is refused, and no version is made", async () => {
  const protocol = await withVersion();
  expect(await convert(protocol, Buffer.from("a pickle, perhaps"))).toMatchObject({ status: 400, body: { error: { code: "registry.not_onnx" } } });
  expect((await protocol.get("/api/registry/models/mill")).body.versions).toEqual([1]);
});
