import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { makeHome, modelFile } from "../../fixtures/gateway-process.ts";
import { heldModel, keptLog, openPool, score } from "../../fixtures/load-model.ts";
import { rowsOf } from "../../fixtures/tensors.ts";
import { joinRows, pickRows, splitRows } from "./route-rows.ts";

const [cheap, dear, churn, picky, matrix] = ["trips-1", "trips-2", "churn", "picky", "matrix"].map(modelFile);

async function graphFile(nodes: object): Promise<string> {
  const file = join(await makeHome(), "model.graph.json");
  await writeFile(file, JSON.stringify({ nodes }));
  return file;
}

const load = async (nodes: object, log = keptLog()) => heldModel(await graphFile(nodes), log);

const trips = (distance: number[], city: string[]) => [rowsOf("distance", distance.length, Float64Array.from(distance)), rowsOf("seats", distance.length, new Float64Array(distance.length)), rowsOf("city", city.length, city)];
const shown = (tensors: Awaited<ReturnType<typeof score>>) => tensors.map(({ name, shape, data }) => [name, shape, Array.from(data as Float64Array)]);

describe("graph runtime", () => {
  test("a sequence hands outputs on by name; names are changed where they differ", async () => {
    const held = await load({ root: { kind: "sequence", steps: [{ model: cheap, outputs: { prediction: "price" } }, { model: picky, inputs: { amount: "price" }, outputs: { prediction: "paid" } }] } });
    expect(held.model.inputs.map(({ name }) => name)).toEqual(["distance", "seats", "city"]);
    expect(held.model.outputs).toMatchObject([{ name: "paid", datatype: "FP32" }]);
    expect(held.model.rowwise).toBe(true);
    expect(shown(await score(held, trips([1, 2], ["Oslo", ""])))).toEqual([["paid", [2, 1], [12, 4]]]);
  });

  test("a switch sends each row its own way, and refuses one that fits nowhere", async () => {
    const steps = [
      { model: dear, when: { input: "city", oneOf: ["Rome", "Paris"] } },
      { model: cheap, when: { input: "distance", above: 0, below: 100 } },
    ];
    const held = await load({ root: { kind: "switch", steps } });
    expect(shown(await score(held, trips([1, 1, 2], ["Rome", "Oslo", "Paris"])))).toEqual([["prediction", [3, 1], [1022, 12, 1004]]]);
    expect(shown(await score(held, trips([5], ["Oslo"])))).toEqual([["prediction", [1, 1], [20]]]);
    await expect(score(held, trips([1, 100], ["Oslo", "Oslo"]))).rejects.toThrow('Row 1 fits none of the conditions of the node "root"');
    const otherwise = await load({ root: { kind: "switch", steps: [...steps, { model: cheap, name: "others" }] } });
    expect(shown(await score(otherwise, trips([1, 100], ["Oslo", "Oslo"])))).toEqual([["prediction", [2, 1], [12, 210]]]);
  });

  test("a split keeps each key to its step, in the proportion of the weights", async () => {
    const held = await load({ root: { kind: "split", key: "user", steps: [{ model: cheap, weight: 3 }, { model: dear, weight: 1, name: "dear" }] } });
    const users = Array.from({ length: 400 }, (_, index) => `user ${index}`);
    const ask = async () => Array.from((await score(held, [...trips(users.map(() => 0), users.map(() => "")), rowsOf("user", users.length, users)]))[0].data as Float32Array);
    const answers = await ask();
    expect(new Set(answers)).toEqual(new Set([0, 1000]));
    expect(answers.filter((price) => price === 1000).length).toSatisfy((count: number) => count > 70 && count < 130);
    expect(await ask()).toEqual(answers);
  });

  test("an ensemble joins outputs under the names of the steps, or takes their mean", async () => {
    const joined = await load({ root: { kind: "ensemble", steps: [{ name: "price", model: cheap }, { name: "churn", model: churn }] } });
    expect(joined.model.outputs.map(({ name }) => name)).toEqual(["price.prediction", "churn.label", "churn.probabilities"]);
    const [price, label] = await score(joined, trips([30], ["Oslo"]));
    expect([price.data[0], label.data[0]]).toEqual([70, "yes"]);
    const mean = await load({ root: { kind: "ensemble", combine: "mean", steps: [{ model: cheap, name: "a" }, { model: dear, name: "b" }] } });
    expect(mean.model.outputs).toEqual([{ name: "prediction", datatype: "FP64", shape: [-1, 1] }]);
    expect(shown(await score(mean, trips([1], ["Oslo"])))).toEqual([["prediction", [1, 1], [512]]]);
  });

  test("without a soft step the graph goes on: values are missing, a mean is of the others", async () => {
    const log = keptLog();
    const steps = [{ name: "sure", model: picky, inputs: { amount: "small" } }, { name: "maybe", model: picky, dependency: "soft" }];
    const joined = await load({ root: { kind: "ensemble", steps } }, log);
    const ask = (amount: number) => [rowsOf("small", 1, Float32Array.of(1)), rowsOf("amount", 1, Float32Array.of(amount))];
    expect(shown(await score(joined, ask(3)))).toEqual([["sure.prediction", [1, 1], [1]], ["maybe.prediction", [1, 1], [3]]]);
    expect(shown(await score(joined, ask(2e6)))).toEqual([["sure.prediction", [1, 1], [1]], ["maybe.prediction", [1, 1], [NaN]]]);
    expect(log.messages.join()).toMatch(/soft step root\.maybe failed: Step "maybe"/);
    const mean = await load({ root: { kind: "ensemble", combine: "mean", steps } });
    expect(shown(await score(mean, ask(2e6)))).toEqual([["prediction", [1, 1], [1]]]);
    const hard = await load({ root: { kind: "ensemble", steps: steps.map((step) => ({ ...step, dependency: "hard" })) } });
    await expect(score(hard, ask(2e6))).rejects.toThrow(/Step "maybe" of the node "root" of the graph/);
  });

  test("a file is loaded once, for itself and for graphs that are loaded at the same time", async () => {
    const pool = openPool();
    const graphs = await Promise.all([1, 2, 3].map(() => graphFile({ root: { kind: "sequence", steps: [{ model: cheap }] } })));
    const held = await Promise.all([...graphs, churn, dear, cheap].map((location) => pool.hold({ location })));
    expect(shown(await score(held[0], trips([1], [""])))).toEqual(shown(await score(held[5], trips([1], [""]))));
    await Promise.all(held.map((one) => one.release()));
    expect(pool.memoryBytes).toBe(0);
  });

  test("nodes lead to nodes", async () => {
    const held = await load({
      root: { kind: "sequence", steps: [{ node: "price", outputs: { prediction: "amount" } }, { model: picky, name: "check" }] },
      price: { kind: "switch", steps: [{ model: dear, when: { input: "distance", above: 10 } }, { model: cheap, name: "near" }] },
    });
    expect(shown(await score(held, trips([1, 11], ["", ""])))).toEqual([["prediction", [2, 1], [2, 1022]]]);
  });

  const sequence = (...steps: object[]) => ({ root: { kind: "sequence", steps } });
  test.each<[string, object, RegExp]>([
    ["no root", { other: { kind: "sequence", steps: [{ model: cheap }] } }, /at nodes: there must be one named "root"/],
    ["no kind", { root: { steps: [{ model: cheap }] } }, /nodes\.root\.kind: it must be one of sequence, switch, split, ensemble/],
    ["no steps", sequence(), /nodes\.root\.steps: it must be a list of at least one step/],
    ["a field too many", { root: { kind: "sequence", steps: [{ model: cheap }], stepps: 1 } }, /nodes\.root\.stepps: there is no such field/],
    ["model and node", sequence({ model: cheap, node: "x" }), /steps\[0\]: it must name either a model, a node or an endpoint/],
    ["model and endpoint", sequence({ model: cheap, endpoint: "x" }), /it must name either a model, a node or an endpoint/],
    ["a version of a model", sequence({ model: cheap, version: "1" }), /steps\[0\]\.version: only a step that names an endpoint has it/],
    ["version and label", sequence({ endpoint: "x", version: "1", label: "stable" }), /steps\[0\]\.label: a step asks for a version or for a label, not for both/],
    ["a label that is none", sequence({ endpoint: "x", label: {} }), /steps\[0\]\.label: it must be a string/],
    ["an unknown node", sequence({ node: "x" }), /there is no node "x"; there is: root/],
    ["a circle", { root: { kind: "sequence", steps: [{ node: "a" }] }, a: { kind: "sequence", steps: [{ node: "b" }] }, b: { kind: "sequence", steps: [{ node: "a" }] } }, /nodes\.a: it comes back to itself: a → b → a/],
    ["a node nobody leads to", { ...sequence({ model: cheap }), lone: { kind: "sequence", steps: [{ model: cheap }] } }, /nodes\.lone: no step leads to it/],
    ["two steps of one name", sequence({ model: cheap, name: "a" }, { model: cheap, name: "a" }), /two steps are named "a"/],
    ["a split without weights", { root: { kind: "split", steps: [{ model: cheap }] } }, /weight: each step of a split has a weight/],
    ["a condition that says nothing", { root: { kind: "switch", steps: [{ model: cheap, when: { input: "city" } }] } }, /when: it must say is, oneOf, above or below/],
    ["a condition on a number that compares text", { root: { kind: "switch", steps: [{ model: cheap, when: { input: "distance", is: "far" } }] } }, /"distance" is FP32 \[-1, 1\] before, and the step takes BYTES/],
    ["an input that the step lacks", sequence({ model: cheap, inputs: { amount: "x" } }), /no input "amount"; it has "distance", "seats", "city"/],
    ["an output that the step lacks", sequence({ model: cheap, outputs: { price: "x" } }), /no output "price"; it has "prediction"/],
    ["shapes that do not fit", sequence({ model: churn }, { model: picky, inputs: { amount: "probabilities" } }), /"probabilities" is FP32 \[-1, 2\] before, and the step takes FP32 \[-1, 1\]/],
    ["text where a number goes", sequence({ model: churn }, { model: picky, inputs: { amount: "label" } }), /"label" is BYTES/],
    ["branches of other outputs", { root: { kind: "switch", steps: [{ model: cheap, when: { input: "distance", above: 1 } }, { model: matrix }] } }, /must give the same outputs; "step1" gives "prediction", "step2" gives "total"/],
    ["a mean of text", { root: { kind: "ensemble", combine: "mean", steps: [{ model: churn }] } }, /"label" is text, which has no mean/],
    ["a soft branch", { root: { kind: "switch", steps: [{ model: cheap, dependency: "soft" }] } }, /cannot be soft/],
    ["a graph in a graph", sequence({ model: "other.graph.yaml" }), /a graph is no step of another/],
    ["a model that is not there", sequence({ model: "nowhere.onnx" }), /Cannot read the model .*nowhere\.onnx/],
  ])("%s is refused with its place", async (_, nodes, message) => {
    const failure = await load(nodes).then(() => undefined, (error: Error) => error);
    expect(failure?.message).toMatch(message);
  });

  test("rows picked apart come back at their places", () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3), { minLength: 1, maxLength: 30 }), (chosen) => {
        const tensor = rowsOf("x", chosen.length, Float64Array.from({ length: chosen.length * 2 }, (_, index) => index));
        const steps = [...new Set(chosen)];
        const parts = steps.map((step) => chosen.flatMap((one, row) => (one === step ? [row] : []))).map((places) => ({ places, tensor: pickRows(tensor, places) }));
        expect(joinRows(parts, chosen.length)).toEqual(tensor);
      }),
    );
  });

  test("a step of weight 0 gets no row", () => {
    const step = (weight: number) => ({ name: "s", inputs: new Map(), outputs: new Map(), soft: false, weight });
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (chance) => {
        const [chosen] = splitRows([step(0), step(1), step(2), step(0)], undefined, 1, () => chance);
        expect(chosen).toBe(chance < 1 / 3 ? 1 : 2);
      }),
    );
  });
});
