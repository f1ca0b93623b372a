import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { selectRows } from "../data/select-rows.ts";
import { openFolderBlobs } from "../storage/folder-blobs.ts";
import { runOnnx } from "./conformance/run-onnx.ts";
import { madeFeatures, madeTable, madeTargets } from "./conformance/made-table.ts";
import { labelsOf } from "./labels.ts";
import { naiveGraph, naiveOf, naivePrediction } from "./naive.ts";
import { findTrainer } from "./trainers.ts";
import type { Task, TrainedModel } from "./types.ts";
import { fitUntrained, type Origin } from "./untrained.ts";

const table = madeTable(300);
const modelOf = (task: Task): TrainedModel => findTrainer("linear").train({ table, target: madeTargets[task], task, features: madeFeatures, params: {}, seed: 1 });

describe("the naive predictor", () => {
  test.each<[Task]>([["regression"], ["binary"], ["multiclass"]])("of %s is a graph with the inputs of a model, which answers the same to every row", async (task) => {
    const model = modelOf(task);
    const { signature } = model;
    const naive = naiveOf(table, madeTargets[task], signature);
    const found = await runOnnx({ ...model, toOnnx: () => naiveGraph(naive, signature) }, table, 77);
    const expected = naivePrediction(naive, signature, table.rows);
    expect(found.values).toEqual((expected.task === "regression" ? expected.values : expected.probabilities).map(Math.fround));
    if (task === "regression" || !("shares" in naive)) return;
    const labels = labelsOf(table, madeTargets[task]);
    expect(naive.shares).toEqual(signature.classes!.map((name) => labels.filter((label) => label === name).length / 300));
    expect(new Set(found.labels)).toEqual(new Set([signature.classes![naive.shares.indexOf(Math.max(...naive.shares))]]));
  });
});

describe("a model without a training", () => {
  const make = async (task: Task, change: Partial<Origin> = {}) => {
    const blobs = openFolderBlobs(join(await temporaryFolder(), "blobs"));
    const model = modelOf(task);
    const origin: Origin = { version: 4, signature: model.signature, algorithm: "linear", params: { l2: 1 }, importances: model.importances, rows: 300, ...(await blobs.put(model.toOnnx())), ...change };
    const some = selectRows(table, Uint32Array.from({ length: 60 }, (_, row) => 5 * row));
    return { model, origin, fit: (kind: "recalibrated" | "naive") => fitUntrained(some, madeTargets[task], { kind, origin }, blobs) };
  };

  test("has what its origin has, for a training to come, and says what it was made of", async () => {
    const { origin, fit } = await make("binary");
    expect(await fit("recalibrated")).toMatchObject({ algorithm: "linear", params: { l2: 1 }, signature: origin.signature, importances: origin.importances, rows: 360, provenance: { kind: "recalibrated", version: 4, rows: 60, calibration: { kind: "logits" } } });
    const naive = await fit("naive");
    expect(naive).toMatchObject({ rows: 60, provenance: { kind: "naive", version: 4, rows: 60 } });
    expect(Object.values(naive.importances).every((share) => share === 0)).toBe(true);
  });

  test("is not made of one that only Python loads by a calibration, but the naive predictor takes its place", async () => {
    const { fit } = await make("regression", { python: { files: [], interpreter: "/usr/bin/python3", version: "3.12", packages: {} } });
    await expect(fit("recalibrated")).rejects.toThrow("version 4 is loaded by Python alone, and a calibration is nodes of an ONNX graph");
    expect((await (await fit("naive")).files()).size).toBeGreaterThan(0);
  });
});
