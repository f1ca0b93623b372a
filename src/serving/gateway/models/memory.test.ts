import { statSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { at, keepAsking, makeFolder, putModel, startOwn } from "../fixtures/own-gateway.ts";
import { modelFile } from "../fixtures/gateway-process.ts";

/** What one of the trips models counts for. */
const one = Math.ceil(statSync(modelFile("trips-1")).size * 1.5);

/** Files of their own, so that the models share nothing. */
async function files(count: number, model = "trips-1"): Promise<string[]> {
  const folder = await makeFolder();
  return Promise.all(Array.from({ length: count }, (_, index) => putModel(model, join(folder, `m${index}.onnx`))));
}

describe("a limit of memory", () => {
  test("three models with room for two: the one used longest ago leaves and comes back when asked", async () => {
    const [a, b, c] = await files(3);
    const gateway = await startOwn(await makeFolder(), { a: at(a), b: at(b), c: at(c) }, { memoryLimit: 2 * one });
    const loads = () => gateway.metric('millrace_model_loads_total{status="ok"}');
    for (const name of ["a", "b", "c"]) expect(await gateway.price(name)).toBe(13);
    const [before, evicted] = [await loads(), await gateway.metric("millrace_model_evictions_total")];
    // b and c are in memory now; c is asked, then a has to come: b leaves, not c.
    await gateway.price("c");
    expect(await gateway.price("a")).toBe(13);
    expect([await loads(), await gateway.metric("millrace_model_evictions_total")]).toEqual([before + 1, evicted + 1]);
    await gateway.price("c");
    expect(await loads()).toBe(before + 1);
    expect(await gateway.metric("millrace_model_memory_bytes")).toBe(2 * one);
    expect((await fetch(`${gateway.url}/v2/models/b`)).status).toBe(200);
    expect((await fetch(`${gateway.url}/v2/health/ready`)).status).toBe(200);
  });

  test("a graph takes no memory but that of its models, which leave and come back by themselves", async () => {
    const [a, b, c] = await files(3);
    const graph = join(await makeFolder(), "g.graph.json");
    await writeFile(graph, JSON.stringify({ nodes: { root: { kind: "ensemble", combine: "mean", steps: [{ model: a, name: "a" }, { model: b, name: "b" }] } } }));
    const gateway = await startOwn(await makeFolder(), { g: at(graph), c: at(c) }, { memoryLimit: 2 * one + 400 });
    for (let turn = 0; turn < 4; turn++) expect([await gateway.price("g"), await gateway.price("c")]).toEqual([13, 13]);
    expect(await gateway.metric("millrace_model_memory_bytes")).toBe(2 * one);
    expect(await gateway.metric("millrace_model_evictions_total")).toBeGreaterThan(3);
  });

  test("requests that come together for a model that is out load it once", async () => {
    const [a, b] = await files(2);
    const gateway = await startOwn(await makeFolder(), { a: at(a), b: at(b) }, { memoryLimit: one });
    await gateway.price("a");
    const before = await gateway.metric('millrace_model_loads_total{status="ok"}');
    expect(await Promise.all(Array.from({ length: 16 }, () => gateway.price("b")))).toEqual(Array.from({ length: 16 }, () => 13));
    expect(await gateway.metric('millrace_model_loads_total{status="ok"}')).toBe(before + 1);
  });

  test("two busy models with room for one answer every request", async () => {
    const [a] = await files(1);
    const [b] = await files(1, "trips-2");
    const gateway = await startOwn(await makeFolder(), { a: at(a), b: at(b) }, { memoryLimit: one });
    const [first, second] = [keepAsking(gateway.url, "a", 4), keepAsking(gateway.url, "b", 4)];
    await Promise.all([first.answered(60), second.answered(60)]);
    expect([[...(await first.stop()).keys()], [...(await second.stop()).keys()]]).toEqual([[13], [1013]]);
    expect(await gateway.metric("millrace_model_evictions_total")).toBeGreaterThan(1);
  });

  test("pinned models stay; what finds no room beside them is refused with 507", async () => {
    const [a, b, c] = await files(3);
    const gateway = await startOwn(await makeFolder(), { a: at(a, { pinned: true }), b: at(b) }, { memoryLimit: 2 * one });
    await gateway.repository.load({ name: "c", location: c });
    for (const name of ["c", "b", "c", "b"]) await gateway.price(name);
    const loads = await gateway.metric('millrace_model_loads_total{status="ok"}');
    expect(await gateway.price("a")).toBe(13);
    expect(await gateway.metric('millrace_model_loads_total{status="ok"}')).toBe(loads);
    const large = join(await makeFolder(), "large.onnx");
    await writeFile(large, Buffer.alloc(2 * one));
    await expect(gateway.repository.load({ name: "large", location: large })).rejects.toMatchObject({
      code: "serving.no_memory",
      status: 507,
      message: expect.stringMatching(/no room for a model of about \d+ KiB: models may take \d+ KiB together \(--memory-limit\)/),
    });
    expect(await gateway.price("b")).toBe(13);
  });

  test("where old and new do not fit together they change places, and no request is lost", async () => {
    const [old] = await files(1);
    const [next] = await files(1, "trips-2");
    const gateway = await startOwn(await makeFolder(), { trips: at(old) }, { memoryLimit: 1.5 * one });
    const clients = keepAsking(gateway.url, "trips", 32);
    await clients.answered(100);
    await gateway.repository.load({ name: "trips", location: next });
    await clients.answered(100);
    expect(new Set((await clients.stop()).keys())).toEqual(new Set([13, 1013]));
    expect(await gateway.price("trips")).toBe(1013);
    expect(gateway.said.join("")).toMatch(/no room for \\"trips\\" beside what it replaces/);
  });

  test("a successor that does not load leaves the old, also where it had to leave for it", async () => {
    const [old] = await files(1);
    const broken = join(await makeFolder(), "broken.onnx");
    await writeFile(broken, Buffer.alloc(statSync(modelFile("trips-1")).size));
    const gateway = await startOwn(await makeFolder(), { trips: at(old) }, { memoryLimit: 1.5 * one });
    const clients = keepAsking(gateway.url, "trips", 8);
    await clients.answered(20);
    await expect(gateway.repository.load({ name: "trips", location: broken })).rejects.toThrow(/cannot be loaded/);
    await clients.answered(20);
    expect([...(await clients.stop()).keys()]).toEqual([13]);
  });

  test("models that are unloaded give their memory back", async () => {
    const [a, b] = await files(2);
    const gateway = await startOwn(await makeFolder(), { a: at(a), b: at(b) }, { memoryLimit: 2 * one });
    await gateway.repository.unload("a");
    expect(await gateway.metric("millrace_model_memory_bytes")).toBe(one);
    const unlimited = await startOwn(await makeFolder(), { a: at(a), b: at(b) });
    expect(await unlimited.metric("millrace_model_memory_bytes")).toBe(2 * one);
    await unlimited.repository.unload("b");
    expect(await unlimited.metric("millrace_model_memory_bytes")).toBe(one);
  });
});
