import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { at, makeFolder, startOwn } from "../src/serving/gateway/fixtures/own-gateway.ts";
import { grpcClient } from "../src/serving/gateway/fixtures/grpc-client.ts";
import { grpcServices } from "../src/serving/gateway/grpc/grpc-services.ts";
import { inferenceProto } from "../src/serving/gateway/grpc/open-inference/infer-proto.ts";
import { servingProtos } from "../src/serving/gateway/grpc/tf-serving/serving-proto.ts";
import { torchserveInferenceProto } from "../src/serving/gateway/grpc/torchserve/torchserve-proto.ts";
import { protocols } from "../src/serving/gateway/protocols/protocols.ts";
import { trainers } from "../src/training/trainers.ts";
import type { Trainer } from "../src/training/types.ts";
import { awkwardTables, rawRows, readTable, tableRows } from "./file-wire/awkward-tables.ts";
import type { RawTable } from "./file-wire/awkward-tables.ts";
import { askBatch, batches } from "./file-wire/batch.ts";
import { doors, otherServices } from "./file-wire/doors.ts";
import type { Wire } from "./file-wire/doors.ts";

test("every protocol that is listed is asked", () => {
  const asked = new Set(doors.map((door) => door.of));
  expect(protocols.map(({ name }) => name).filter((name) => !asked.has(name))).toEqual([]);
  expect(grpcServices.map(({ name }) => name).filter((name) => !asked.has(name) && !otherServices.includes(name))).toEqual([]);
});

/** The model's name, which a path of the gateway must not have. */
const model = "sea anemone";

async function serve(trainer: Trainer, table: RawTable): Promise<{ wire: Wire; file: string; expected: readonly number[]; rows: readonly string[][] }> {
  const rows = rawRows(table);
  const all = readTable(table, rows, "target price");
  const trained = readTable(table, rows.slice(0, tableRows), "target price");
  const made = trainer.train({
    table: trained,
    task: "regression",
    target: "target price",
    features: table.columns.map(({ name }) => name),
    params: trainer.name === "linear" ? {} : { iterations: 40, min_samples_leaf: 2 },
    readings: Object.fromEntries(table.columns.map(({ name, reading }) => [name, reading])),
    seed: 7,
  });
  const folder = await makeFolder();
  const file = join(folder, "model.onnx");
  await writeFile(file, made.toOnnx());
  const gateway = await startOwn(folder, { [model]: at(file) }, { grpcPort: 0, vertexRoutes: { predict: "/vertex/predict", health: "/vertex/health" } });
  const port = gateway.address.grpcPort!;
  const predicted = made.predict(all);
  if (predicted.task !== "regression") throw new Error("a regression");
  return {
    rows,
    file,
    expected: [...predicted.values],
    wire: {
      url: gateway.url,
      services: {
        "inference.GRPCInferenceService": grpcClient(port, inferenceProto, "inference.GRPCInferenceService"),
        "tensorflow.serving.PredictionService": grpcClient(port, servingProtos, "tensorflow.serving.PredictionService"),
        "org.pytorch.serve.grpc.inference.InferenceAPIsService": grpcClient(port, torchserveInferenceProto, "org.pytorch.serve.grpc.inference.InferenceAPIsService"),
      },
    },
  };
}

const cases = trainers.flatMap((trainer) => awkwardTables.map((table) => [trainer.name, table.what, trainer, table] as const));

test.each(cases)("%s: the file on the wire gets the answers of the model, %s", async (_name, _what, trainer, table) => {
  const { wire, file, expected, rows } = await serve(trainer, table);
  const scale = Math.max(...expected.map(Math.abs));
  expect(new Set(expected.map((value) => value.toPrecision(4))).size).toBeGreaterThan(3); // else any answer would do
  const sent = { model, names: table.columns.map(({ name }) => name), rows };
  let first: readonly number[] | undefined;
  for (const door of doors) {
    const label = `${door.of}, ${door.what}`;
    const answers = await door.ask(wire, sent).catch((error: unknown) => [String(error)] as unknown as number[]);
    expect.soft(answers.map((value, row) => (Math.abs(value - expected[row]) <= 1e-5 * scale ? expected[row] : value)), label).toEqual(expected);
    // One number for one answer: what JSON says is the float that gRPC's bytes are.
    first ??= answers.map(Math.fround);
    expect.soft(answers.map(Math.fround), label).toEqual(first);
  }
  // How a file is read does not depend on the trainer.
  for (const kind of trainer.name === "linear" ? batches : []) {
    const answers = await askBatch(file, kind, sent).catch((error: unknown) => [String(error)] as unknown as number[]);
    expect.soft(answers.map(Math.fround), `a file, ${kind}`).toEqual(first);
  }
});
