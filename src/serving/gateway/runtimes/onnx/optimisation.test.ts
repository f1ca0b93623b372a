import { describe, expect, onTestFinished, test } from "vitest";
import { makeFolder } from "../../fixtures/own-gateway.ts";
import type { Tensor } from "../../tensors/tensor.ts";
import { onnxRuntime } from "./onnx-runtime.ts";
import { loadChecked } from "./optimisation.ts";
import type { Optimisation } from "./optimisation.ts";
import { putGraph } from "./rows/fixtures/crowd.ts";
import { mix, type RowGraph } from "./rows/fixtures/row-graphs.ts";
import { usualCloseness } from "./same-answers.ts";

const load = async (graph: RowGraph) => {
  const model = await onnxRuntime.load(await putGraph(await makeFolder(), graph), {});
  onTestFinished(() => model.release());
  return model;
};

describe("graph optimisations that change answers", () => {
  // NumPy: np.arange(15.).reshape(5, 3).T @ np.arange(1., 6.) is [120, 135, 150]; optimised, ONNX Runtime 1.30 answers [40, 115, 190].
  test.each(["N", undefined])("a transposition before a vector is kept, its open dimension named %s", async (size) => {
    const model = await load({
      name: "transposed",
      graph: { inputs: [{ name: "A", type: "DOUBLE", shape: [5, size] }], outputs: [{ name: "y", type: "DOUBLE", shape: [size] }], nodes: [{ does: "Transpose: A -> t", attributes: { perm: [1, 0] } }, { does: "MatMul: t,v -> y" }], constants: { v: { type: "DOUBLE", dims: [5], data: [1, 2, 3, 4, 5] } } },
    });
    const [{ data }] = await model.run([{ name: "A", datatype: "FP64", shape: [5, 3], data: Float64Array.from({ length: 15 }, (_, at) => at) }]);
    expect([...data]).toEqual([120, 135, 150]);
    expect(model.remarks).toEqual(["With all graph optimisations ONNX Runtime answers samples otherwise than without; the model is served with its optimiser MatmulTransposeFusion left out."]);
  });

  // NumPy: (X - X.mean(0)) / np.sqrt(X.var(0) + 1e-5) of [[0], [2]] is [[-1], [1]] (to 1e-5); optimised, ONNX Runtime 1.30 takes other statistics.
  test("batch normalization in training is run as it stands", async () => {
    const model = await load(mix.find(({ name }) => name === "batch normalization in training")!);
    const [{ data }] = await model.run([{ name: "X", datatype: "FP32", shape: [2, 4], data: Float32Array.of(0, 0, 0, 0, 2, 2, 2, 2) }]);
    expect([...data].map((value) => Math.round(1000 * (value as number)) / 1000)).toEqual([-1, -1, -1, -1, 1, 1, 1, 1]);
    expect(model.remarks).toEqual([expect.stringContaining("the model is served without them")]);
  });

  test("a graph that no optimisation changes is served with all of them, and nothing is said", async () => {
    const model = await load(mix.find(({ name }) => name === "softmax over rows")!);
    expect(model.remarks).toEqual([]);
  });
});

describe("how far a graph is optimised", () => {
  const tensor = (...data: number[]): readonly Tensor[] => [{ name: "y", datatype: "FP32", shape: [data.length], data: Float32Array.from(data) }];
  const label = ({ level, without }: Optimisation) => (without === undefined ? level : `${level} but one`);

  /** Answers by level; what was loaded and released, in order. */
  function loads(answers: (how: string, time: number) => readonly (readonly Tensor[] | undefined)[]) {
    const done: string[] = [];
    const open = async (how: Optimisation) => {
      done.push(label(how));
      let time = 0;
      answers(label(how), -1);
      return { answers: async () => answers(label(how), time++), release: async () => void done.push(`release ${label(how)}`) };
    };
    return { done, open };
  }

  test.each<[string, readonly string[], string]>([
    ["all that agree", [], "all"],
    ["the one optimiser", ["all"], "all but one"],
    ["more than one", ["all", "all but one"], "extended"],
    ["the extended ones", ["all", "all but one", "extended"], "basic"],
    ["every one", ["all", "all but one", "extended", "basic"], "disabled"],
  ])("falls back as far as it must: %s", async (_, wrong, expected) => {
    const { done, open } = loads((how) => [tensor(1, wrong.includes(how) ? 2 : 1 + 1e-5)]);
    const { optimisation, remark } = await loadChecked(open, usualCloseness);
    expect([label(optimisation), remark === undefined]).toEqual([expected, expected === "all"]);
    // One copy is in memory at a time, and the last one stays.
    expect(done).toEqual(["disabled", "release disabled", ...wrong.flatMap((how) => [how, `release ${how}`]), expected]);
  });

  test("a sample that the plain graph alone takes is a difference", async () => {
    const { open } = loads((how) => [how.startsWith("all") ? undefined : tensor(1)]);
    expect(label((await loadChecked(open, usualCloseness)).optimisation)).toBe("extended");
  });

  test("what cannot be compared is told, and served as usual", async () => {
    const none = loads(() => [undefined]);
    expect(await loadChecked(none.open, usualCloseness)).toMatchObject({ optimisation: { level: "all" }, remark: expect.stringContaining("takes none of the samples") });
    let drawn = 0;
    const random = loads(() => [tensor(drawn++)]);
    expect(await loadChecked(random.open, usualCloseness)).toMatchObject({ optimisation: { level: "all" }, remark: expect.stringContaining("otherwise every time") });
    const needing = loads((how) => {
      if (how === "disabled") throw new Error("no kernel");
      return [tensor(1)];
    });
    expect(await loadChecked(needing.open, usualCloseness)).toMatchObject({ optimisation: { level: "all" }, remark: expect.stringContaining("does not load the model without them") });
  });

  test("what cannot be loaded at all fails with the reason", async () => {
    const { open } = loads(() => {
      throw new Error("no model");
    });
    await expect(loadChecked(open, usualCloseness)).rejects.toThrow("no model");
  });
});
