import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { compareNumbers, comparePredictions } from "./compare-predictions.ts";
import { convertSklearn, type Made } from "./run-python.ts";

const churn = fileURLToPath(new URL("../../serving/gateway/fixtures/churn.onnx", import.meta.url));
const feeds: Made["feeds"] = {
  distance: { type: "float32", rows: [[1], [2]] },
  seats: { type: "float32", rows: [[3], [null]] },
  city: { type: "string", rows: [["Graz"], ["Wien"]] },
};

/** What the graph itself answers, as if the model had. */
async function answersOfChurn(): Promise<{ labels: string[]; probabilities: number[][] }> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(churn, { logSeverityLevel: 4 });
  const results = await session.run({
    distance: new Tensor("float32", [1, 2], [2, 1]),
    seats: new Tensor("float32", [3, Number.NaN], [2, 1]),
    city: new Tensor("string", ["Graz", "Wien"], [2, 1]),
  });
  const scores = Array.from(results["probabilities"].data as Float32Array);
  return { labels: Array.from(results["label"].data as string[]), probabilities: [scores.slice(0, 2), scores.slice(2)] };
}

test("a graph that answers like the model, and one that does not", async () => {
  const { labels, probabilities } = await answersOfChurn();
  expect(await comparePredictions(churn, { feeds, predictions: labels, probabilities, versions: {} })).toEqual({ rows: 2, difference: 0, share: 0, differentLabels: 0 });
  const off = [[probabilities[0][0] - 0.25, probabilities[0][1]], probabilities[1]];
  const compared = await comparePredictions(churn, { feeds, predictions: [labels[0], "another"], probabilities: off, versions: {} });
  expect(compared).toMatchObject({ rows: 2, differentLabels: 1, difference: expect.closeTo(0.25, 6) as number });
  expect(await comparePredictions(churn, { feeds: null, predictions: null, probabilities: null, versions: {} })).toBeNull();
});

test.each([
  ["numbers", [1, -20], [1, -20.5], { difference: 0.5, share: 0.025, differentLabels: 0 }],
  ["numbers in rows", [[1, 2]], [1, 2], { difference: 0, share: 0, differentLabels: 0 }],
  ["an answer that is no number", [1, 2], [1, Number.NaN], { difference: Number.NaN, differentLabels: 0 }],
  ["classes", ["a", "b"], ["a", "c"], { difference: 0, differentLabels: 1 }],
])("%s are compared", (_, predictions, answers, expected) => {
  expect(compareNumbers(predictions, answers)).toMatchObject(expected);
});

test("another number of answers is refused", () => {
  expect(() => compareNumbers([1, 2], [1])).toThrow(/1 numbers where the model gives 2/);
});

describe("a Python that does not do", () => {
  const evidence = { format: { flavors: { sklearn: {} }, signature: null, pythonVersion: null, mlflowVersion: null, createdAt: null, size: null, inputExample: null }, signature: null };
  const script = async (text: string): Promise<string> => {
    const file = join(await temporaryFolder(), "python");
    await writeFile(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return file;
  };
  const convert = (python: string): Promise<Made> => convertSklearn(python, evidence, "/absent", "/absent/model.onnx", new AbortController().signal);

  test("is not there", async () => {
    await expect(convert("/absent/python")).rejects.toMatchObject({ code: "registry.conversion_failed", message: expect.stringContaining("name a Python with --python") as string });
  });
  test("ends with an error", async () => {
    await expect(convert(await script("echo 'No module named x' >&2; exit 1"))).rejects.toThrow(/exit code 1 .*No module named x/);
  });
  test("says what is wrong", async () => {
    await expect(convert(await script(`echo noise; echo '{"error":"it lacks skl2onnx"}'`))).rejects.toThrow("it lacks skl2onnx");
  });
  test("says something else", async () => {
    await expect(convert(await script("echo done"))).rejects.toThrow(/before the model was converted/);
  });
});
