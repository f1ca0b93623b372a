import { describe, expect, test } from "vitest";
import { at, makeFolder, startOwn } from "../../fixtures/own-gateway.ts";
import { askTogether, bodies, mixing, putGraph } from "./rows/fixtures/crowd.ts";
import { keepApart } from "./rows/fixtures/row-graphs.ts";

interface Metadata {
  readonly parameters: { readonly batch_axis?: number; readonly independent_rows: boolean; readonly dependence?: string };
}

/** In a thread of its own, where what comes while it is busy would be merged. */
const threaded = { options: { instances: 1 } };

/** A graph of each kind; the slow suite asks all of them, ten thousand times each. */
const some = mixing.slice(0, 22);

describe("requests of several clients at once", () => {
  test("graphs that mix rows answer each request as alone, an outlier beside it or not", async () => {
    const folder = await makeFolder();
    const models: Record<string, ReturnType<typeof at>> = {};
    for (const [index, graph] of some.entries()) models[`m${index}`] = at(await putGraph(folder, graph), threaded);
    const gateway = await startOwn(folder, models);
    for (const [index, graph] of some.entries()) {
      const url = `${gateway.url}/v2/models/m${index}`;
      const { parameters } = (await (await fetch(url)).json()) as Metadata;
      expect([graph.name, parameters]).toEqual([graph.name, expect.objectContaining({ independent_rows: false, dependence: expect.stringMatching(/\.$/) })]);
      expect([graph.name, await askTogether(`${url}/infer`, bodies(graph), { requests: 96, connections: 16 })]).toEqual([graph.name, { different: 0 }]);
    }
  });

  test("an operator's word has them merged, and then answers are mixed: the test above can see it", async () => {
    const folder = await makeFolder();
    const graph = mixing.find(({ name }) => name === "divided by the greatest of all")!;
    const gateway = await startOwn(folder, { m: at(await putGraph(folder, graph), { ...threaded, batching: { merge: true } }) });
    expect(await askTogether(`${gateway.url}/v2/models/m/infer`, bodies(graph), { requests: 96, connections: 16 })).toMatchObject({ different: expect.toSatisfy((count: number) => count > 0) });
  });

  test("graphs that keep rows apart are merged", async () => {
    const folder = await makeFolder();
    const models: Record<string, ReturnType<typeof at>> = {};
    const float = keepApart.filter(({ graph }) => graph.inputs.every(({ type }) => type === undefined)).slice(0, 6);
    for (const [index, graph] of float.entries()) models[`m${index}`] = at(await putGraph(folder, graph), threaded);
    const gateway = await startOwn(folder, models);
    for (const [index, { name }] of float.entries()) {
      const { parameters } = (await (await fetch(`${gateway.url}/v2/models/m${index}`)).json()) as Metadata;
      expect([name, parameters]).toEqual([name, { batch_axis: 0, independent_rows: true }]);
    }
    const rows = bodies(float.find(({ name }) => name === "a multilayer perceptron")!);
    const index = float.findIndex(({ name }) => name === "a multilayer perceptron");
    await Promise.all(Array.from({ length: 32 }, async (_, at) => (await fetch(`${gateway.url}/v2/models/m${index}/infer`, { method: "POST", body: rows[at % rows.length] })).text()));
    const { model_stats: [{ inference_count: count, execution_count: runs }] } = (await (await fetch(`${gateway.url}/v2/models/m${index}/stats`)).json()) as { model_stats: { inference_count: number; execution_count: number }[] };
    expect([count, runs < count]).toEqual([32, true]);
  });
});
