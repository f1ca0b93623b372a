import { status } from "@grpc/grpc-js";
import { once } from "node:events";
import { join } from "node:path";
import { expect, test } from "vitest";
import { grpcClient } from "../../fixtures/grpc-client.ts";
import { makeFolder, putModel, startOwn } from "../../fixtures/own-gateway.ts";
import { torchserveInferenceProto, torchserveManagementProto } from "./torchserve-proto.ts";

async function start(more: Parameters<typeof startOwn>[2] = {}) {
  const folder = await makeFolder();
  const repository = join(folder, "store");
  for (const name of ["trips-1", "trips-2"]) await putModel(name, join(repository, `${name}.onnx`));
  const gateway = await startOwn(join(folder, "home"), {}, { repository, anyPlace: false, grpcPort: 0, ...more });
  const port = gateway.address.grpcPort!;
  const inference = grpcClient(port, torchserveInferenceProto, "org.pytorch.serve.grpc.inference.InferenceAPIsService");
  const management = grpcClient(port, torchserveManagementProto, "org.pytorch.serve.grpc.management.ManagementAPIsService");
  return { ...gateway, inference, management };
}

const trip = { distance: Buffer.from("1"), seats: Buffer.from("2"), city: Buffer.from("Oslo") };
const json = (message: Record<string, unknown>, field: string): unknown => JSON.parse(String(message[field]));

test("predictions: fields, or JSON under data; the answer is that of REST; in a stream, too", async () => {
  const { inference, management } = await start();
  expect(json(await inference.ask("Ping"), "health")).toEqual({ status: "Healthy" });
  await management.ask("RegisterModel", { url: "trips-1.onnx", model_name: "trips", initial_workers: 1, synchronous: true });
  expect(json(await inference.ask("Predictions", { model_name: "trips", input: trip }), "prediction")).toEqual({ prediction: 14 });
  const data = Buffer.from(JSON.stringify([{ distance: 1, seats: 2, city: "Oslo" }, { distance: 0, seats: 0, city: "Rome" }]));
  expect(json(await inference.ask("Predictions", { model_name: "trips", model_version: "1.0", input: { data } }), "prediction")).toEqual([{ prediction: 14 }, { prediction: 20 }]);
  const streamed: unknown[] = [];
  for await (const part of inference.watch("StreamPredictions", { model_name: "trips", input: trip })) streamed.push(json(part as Record<string, unknown>, "prediction"));
  expect(streamed).toEqual([{ prediction: 14 }]);
  const stream = inference.watch("StreamPredictions", { model_name: "trips", input: { ...trip, id: Buffer.from("7") } });
  const ended = once(stream, "status") as Promise<[{ metadata: { get: (name: string) => string[] } }]>;
  for await (const part of stream) expect(json(part as Record<string, unknown>, "prediction")).toEqual({ prediction: 14 });
  expect((await ended)[0].metadata.get("x-ignored-inputs")).toEqual(["id"]);
  await expect(inference.ask("Predictions", { model_name: "nobody", input: trip })).rejects.toMatchObject({ code: status.NOT_FOUND });
  await expect(inference.ask("Predictions", { model_name: "trips", input: { town: Buffer.from("x"), city: Buffer.from("y") } })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringMatching(/"distance", "seats" are missing; .* does not know "town"/) });
});

test("management: what REST does, with its JSON as the message", async () => {
  const { management } = await start();
  expect(await management.ask("RegisterModel", { url: "trips-1.onnx", model_name: "trips" })).toEqual({ msg: 'Model "trips" Version: 1 registered with 1 initial workers' });
  expect(await management.ask("ScaleWorker", { model_name: "trips", min_worker: 2, synchronous: true })).toEqual({ msg: "Workers scaled to 2 for model: trips" });
  expect(await management.ask("SetDefault", { model_name: "trips", model_version: "1.0" })).toMatchObject({ msg: expect.stringMatching(/successfully updated/) });
  expect(json(await management.ask("ListModels", {}), "msg")).toMatchObject({ models: [{ modelName: "trips" }] });
  expect(json(await management.ask("DescribeModel", { model_name: "trips", customized: true }), "msg")).toMatchObject([{ modelName: "trips", customizedMetadata: {} }]);
  expect(await management.ask("UnregisterModel", { model_name: "trips" })).toEqual({ msg: 'Model "trips" unregistered' });
  await expect(management.ask("DescribeModel", { model_name: "trips" })).rejects.toMatchObject({ code: status.NOT_FOUND });
  await expect(management.ask("RegisterModel", {})).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details: "Parameter url is required." });
  await expect(management.ask("RegisterModel", { url: "http://127.0.0.1/x" })).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
});

const methods = ["ListModels", "DescribeModel", "RegisterModel", "ScaleWorker", "SetDefault", "UnregisterModel"];

test("a port open to others manages nothing without a token (CVE-2024-35199), and with one only for those who have it", async () => {
  const open = await start({ host: "0.0.0.0" });
  for (const method of methods) await expect(open.management.ask(method, { model_name: "x" }), method).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
  const guarded = await start({ host: "0.0.0.0", management: { token: "secret" } });
  for (const method of methods) await expect(guarded.management.ask(method, { model_name: "x" }), method).rejects.toMatchObject({ code: status.UNAUTHENTICATED });
  expect(await guarded.management.ask("ListModels", {}, { metadata: { authorization: "Bearer secret" } })).toEqual({ msg: '{"models":[]}' });
});
