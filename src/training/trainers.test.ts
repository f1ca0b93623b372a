import { describe, expect, test } from "vitest";
import type { Column } from "../data/types.ts";
import { findTrainer, trainers } from "./trainers.ts";
import type { TrainingRequest } from "./types.ts";

test("finds a trainer by name and names the nearest when there is none", () => {
  expect(findTrainer("gradient-boosting").name).toBe("gradient-boosting");
  expect(() => findTrainer("gradient_boost")).toThrow(
    /no trainer "gradient_boost"; did you mean "gradient-boosting"\? Known: gradient-boosting, linear/,
  );
});

const x: Column = { name: "x", type: "number", values: Float64Array.of(1, 2, 3, 4) };
const y: Column = { name: "y", type: "number", values: Float64Array.of(1, 0, 1, 0) };
const hole: Column = { name: "hole", type: "number", values: Float64Array.of(1, NaN, 1, 0) };
const kind: Column = { name: "kind", type: "category", codes: Int32Array.of(0, 1, 2, 0), dictionary: ["a", "b", "c"] };
const one: Column = { name: "one", type: "category", codes: Int32Array.of(0, 0, 0, 0), dictionary: ["a"] };
const request: TrainingRequest = {
  table: { rows: 4, columns: [x, y, hole, kind, one] },
  target: "y",
  features: ["x"],
  task: "regression",
  params: {},
  seed: 1,
};

describe.each(trainers.map((trainer) => ({ name: trainer.name, trainer })))("$name refuses", ({ trainer }) => {
  test.each<[string, Partial<TrainingRequest>, string, RegExp]>([
    ["an empty table", { table: { rows: 0, columns: [] } }, "training.no_rows", /no rows/],
    ["no features", { features: [] }, "training.no_features", /at least one/],
    ["a feature twice", { features: ["x", "x"] }, "training.duplicate_feature", /"x" is listed twice/],
    ["the target as a feature", { features: ["x", "y"] }, "training.target_is_feature", /"y"/],
    ["an unknown feature", { features: ["kin"] }, "training.unknown_column", /no column "kin"; did you mean "kind"\?/],
    ["a target with a hole", { target: "hole" }, "training.target_missing", /"hole" has no finite value in row 2/],
    ["a regression of categories", { target: "kind" }, "training.target_not_number", /"kind" holds categories/],
    ["one class", { target: "one", task: "binary" }, "training.one_class", /only the class "a"/],
    [
      "three classes in a binary task",
      { target: "kind", task: "binary" },
      "training.not_binary",
      /3 classes \(a, b, c\).*multiclass/,
    ],
    ["too few weights", { weights: Float64Array.of(1) }, "training.invalid_weights", /1 weights for 4 rows/],
    ["a negative weight", { weights: Float64Array.of(1, -1, 1, 1) }, "training.invalid_weights", /row 2 is -1/],
    ["weights that are all 0", { weights: new Float64Array(4) }, "training.invalid_weights", /All weights are 0/],
    [
      "a misspelt parameter",
      { params: { l2_regularisation: 1 } },
      "training.invalid_params",
      /l2_regularisation is not a parameter.*did you mean l2_regularization\?/,
    ],
    [
      "a parameter out of range",
      { params: { l2_regularization: -1 } },
      "training.invalid_params",
      /^train\.params\.l2_regularization must be >=? 0, got -1$/,
    ],
  ])("%s", (_, change, code, message) => {
    expect(() => trainer.train({ ...request, ...change })).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  test("to write a model whose feature is named as its output", () => {
    const table = { rows: 4, columns: [{ ...x, name: "prediction" }, y] };
    const model = trainer.train({ ...request, table, features: ["prediction"] });
    expect(() => model.toOnnx()).toThrow(/cannot be named "prediction"/);
  });

  test("to predict a column of another type", () => {
    const model = trainer.train(request);
    expect(() => model.predict({ rows: 4, columns: [{ ...kind, name: "x" }] })).toThrow(
      /trained with "x" as a number, but the table holds it as a category/,
    );
  });
});
