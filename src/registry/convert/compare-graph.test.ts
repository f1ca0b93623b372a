import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { compareGraph } from "./compare-graph.ts";
import { firstThatAgrees } from "./convert-command.ts";
import { convertModel, type Answer, type Made } from "./convert-model.ts";

const churn = fileURLToPath(new URL("../../serving/gateway/fixtures/churn.onnx", import.meta.url));
const feeds: Made["candidates"][number]["feeds"] = {
  distance: { type: "float32", rows: [[1], [2], [3], [2]] },
  seats: { type: "float32", rows: [[3], [null], ["NaN"], [4]] },
  city: { type: "string", rows: [["Graz"], ["Wien"], [""], ["Graz"]] },
};

/** What the graph itself answers, as if the model had, with changes. */
async function madeOf(change: (answers: { labels: string[]; probabilities: number[][] }) => void = () => undefined, more: Partial<Made> = {}): Promise<Made> {
  const { InferenceSession, Tensor } = await import("onnxruntime-node");
  const session = await InferenceSession.create(churn, { logSeverityLevel: 4 });
  const results = await session.run({
    distance: new Tensor("float32", [1, 2, 3, 2], [4, 1]),
    seats: new Tensor("float32", [3, Number.NaN, Number.NaN, 4], [4, 1]),
    city: new Tensor("string", ["Graz", "Wien", "", "Graz"], [4, 1]),
  });
  const scores = Array.from(results["probabilities"].data as Float32Array);
  const answers = { labels: Array.from(results["label"].data as string[]), probabilities: [0, 1, 2, 3].map((row) => scores.slice(2 * row, 2 * row + 2)) };
  change(answers);
  const label: Answer = { method: "predict", kind: "label", scale: null, sided: false, values: answers.labels.map((value) => [value]) };
  const number: Answer = { method: "predict_proba", kind: "number", scale: 1, sided: false, values: answers.probabilities };
  return {
    candidates: [{ file: churn, feeds, columns: ["distance", "seats", "city"], mended: [], outputs: [0, 1] }],
    rows: ["the example", "the example", "a missing value in seats", "a large value in distance"],
    answers: [label, number],
    margins: answers.probabilities.map(([a, b]) => Math.abs(a - b)),
    batches: [1, 2, 3, 7],
    refused: { "ValueError: no": 3 },
    rounded: 0,
    left: 0,
    suspects: [],
    versions: { skl2onnx: "1.20.0", onnx: "1.23.2" },
    ...more,
  };
}

const compare = async (made: Made, tolerance = 1e-4): ReturnType<typeof compareGraph> => compareGraph(made.candidates[0], made, tolerance);

test("a graph that answers like the model on all rows", async () => {
  expect(await compare(await madeOf())).toEqual({ rows: 2, made: 2, difference: 0, share: 0, differentLabels: 0, refused: 3, rounded: 0, mended: [] });
});

test("a number that differs on a made row is a fault with output, row and both answers", async () => {
  const fault = await compare(await madeOf(({ probabilities }) => void (probabilities[2] = [0.25, 0.75])));
  expect(fault).toMatchObject({ rows: 1, extreme: false, sentence: expect.stringMatching(/^the output probabilities is \[.*\] where the model's predict_proba is \[0.25, 0.75\], for the row \{distance: 3, seats: NaN, city: ""\} \(a missing value in seats\); 1 of 4 rows differ$/) as string });
});

test.each([
  ["within the tolerance", 5e-5, false],
  ["beyond it", 2e-4, true],
  ["no number", Number.NaN, true],
])("a difference %s", async (_, off, isFault) => {
  const outcome = await compare(await madeOf(({ probabilities }) => void (probabilities[0] = [probabilities[0][0] + off, probabilities[0][1]])));
  expect("sentence" in outcome).toBe(isFault);
});

test("a label that differs is a fault, unless the model's own scores are equal but for rounding", async () => {
  const change = ({ labels }: { labels: string[] }): void => void (labels[1] = "another");
  expect(await compare(await madeOf(change))).toMatchObject({ rows: 1, sentence: expect.stringContaining("where the model's predict is another") as string });
  expect(await compare(await madeOf(change, { margins: [1, null, 1, 1] }))).toMatchObject({ rows: 1 });
  expect(await compare(await madeOf(change, { margins: [1, 2e-6, 1, 1] }))).toMatchObject({ differentLabels: 1, share: 0 });
});

test("numbers are measured by themselves or by the greatest of the example, not by a wild made row", async () => {
  const made = await madeOf();
  const [numbers] = made.answers.slice(1);
  const wild = { ...made, answers: [made.answers[0], { ...numbers, scale: null, values: [[0.2, 0.8], [0.5, 0.5], [0.1, 0.9], [1e9, 1e9]] }] };
  expect(await compare(wild)).toMatchObject({ rows: 4 });
});

test("one score in two columns, against and for, may be the second alone", async () => {
  const made = await madeOf();
  const sided = made.answers[0].values.map(([label]) => ["against", label]);
  const labels = { ...made, answers: [{ ...made.answers[0], sided: true, values: sided }, made.answers[1]] };
  expect(await compare(labels)).toMatchObject({ share: 0 });
});

test("an output that the model does not answer is a fault", async () => {
  const made = await madeOf();
  expect(await compareGraph({ ...made.candidates[0], outputs: [0] }, made, 1)).toMatchObject({ sentence: "it has the outputs label, probabilities, of which the model answers 1" });
});

test("a graph that cannot be loaded, and one that cannot take a row", async () => {
  const made = await madeOf();
  const broken = join(await temporaryFolder(), "broken.onnx");
  await writeFile(broken, "no graph");
  expect(await compareGraph({ ...made.candidates[0], file: broken }, made, 1)).toMatchObject({ sentence: expect.stringMatching(/^ONNX Runtime cannot load it: /) as string });
  const wide = { ...feeds, seats: { type: "int64", rows: [[1], [2], [3], [4]] } } as const;
  expect(await compareGraph({ ...made.candidates[0], feeds: wide }, made, 1)).toMatchObject({ sentence: expect.stringMatching(/^ONNX Runtime cannot run it on the row \{distance: 1, .*\} \(the example\), which the model itself answers: /) as string });
});

describe("the first graph that agrees", () => {
  test("is taken, with what was mended in it", async () => {
    const made = await madeOf();
    const broken = { ...made.candidates[0], outputs: [0, 0] };
    const { compared } = await firstThatAgrees({ ...made, candidates: [broken, { ...made.candidates[0], mended: ["the exponential"] }] }, 1e-4);
    expect(compared.mended).toEqual(["the exponential"]);
  });

  test("is none: refused, with the known errors that the model may have met", async () => {
    const made = await madeOf(({ probabilities }) => void (probabilities[2] = [0.25, 0.75]), { suspects: ["A known error: weights are left out. Keep it"] });
    await expect(firstThatAgrees(made, 1e-4)).rejects.toMatchObject({ code: "registry.conversion_differs", message: expect.stringMatching(/\(tolerance 0\.0001\)\. Nothing was registered\. A known error: weights are left out\. Keep it$/) as string });
  });

  test("is none, and no error is known: refused with who made it and how far beyond the example it is", async () => {
    const made = await madeOf(({ probabilities }) => void (probabilities[3] = [0.25, 0.75]));
    await expect(firstThatAgrees(made, 1e-4)).rejects.toThrow(/made by skl2onnx 1\.20\.0: another version may be right, .*--python serves the model as it is\. Only numbers far beyond the example differ: --made-rows near/);
  });
});

describe("a Python that does not do", () => {
  const evidence = { format: { flavors: { sklearn: {} }, signature: null, pythonVersion: null, mlflowVersion: null, createdAt: null, size: null, inputExample: null }, signature: null };
  const script = async (text: string): Promise<string> => {
    const file = join(await temporaryFolder(), "python");
    await writeFile(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
    return file;
  };
  const convert = (python: string): Promise<Made> => convertModel(python, evidence, "/absent", "/absent/graphs", true, new AbortController().signal);

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
