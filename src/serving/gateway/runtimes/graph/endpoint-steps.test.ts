import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { config, endpoint, makeHome, modelFile, startProcess, trip, variant } from "../../fixtures/gateway-process.ts";
import { at, keepAsking, makeFolder, startOwn } from "../../fixtures/own-gateway.ts";
import type { ModelConfig } from "../../config/models-file.ts";

const sequence = (...steps: object[]) => ({ root: { kind: "sequence", steps } });

async function graphFile(nodes: object, name = "g"): Promise<string> {
  const file = join(await makeFolder(), `${name}.graph.json`);
  await writeFile(file, JSON.stringify({ nodes }));
  return file;
}

/** A gateway with the graph "g" and other models; 13 is the price of trips-1, 1013 that of trips-2. */
async function start(nodes: object, models: Record<string, ModelConfig> = {}, more: Parameters<typeof startOwn>[2] = {}) {
  const gateway = await startOwn(await makeFolder(), { g: at(await graphFile(nodes)), ...models }, more);
  const status = async (path: string) => (await fetch(gateway.url + path)).status;
  const load = (name: string, model: string) => gateway.repository.load({ name, location: modelFile(model) });
  const g = () => gateway.repository.index().find(({ name }) => name === "g")!;
  return { ...gateway, status, load, g };
}

const both = { location: "", places: [{ location: modelFile("trips-1"), version: "1" }, { location: modelFile("trips-2"), version: "2" }], versions: "all" as const };

describe("a graph whose steps name endpoints", () => {
  test("waits for an endpoint that is not there, says so wherever it is asked, and is ready when it comes", async () => {
    const { infer, status, load, g, price, url, said } = await start(sequence({ endpoint: "prices" }), { other: at(modelFile("churn")) });
    const reason = /nodes\.root\.steps\[0\]: there is no endpoint "prices"; there is: /;
    expect(g()).toMatchObject({ state: "UNAVAILABLE", reason: expect.stringMatching(reason) as string });
    expect([await status("/v2/health/ready"), await status("/v2/models/g/ready"), await status("/v2/models/other/ready")]).toEqual([503, 503, 200]);
    expect(await infer("g")).toMatchObject({ status: 503, body: { error: expect.stringMatching(reason) as string } });
    const predicted = await fetch(`${url}/predict/g`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify([{ distance: 1, seats: 1, city: "Oslo" }]) });
    expect([predicted.status, await predicted.text()]).toEqual([503, expect.stringMatching(/there is no endpoint/)]);

    await load("prices", "trips-1");
    expect([g().state, g().reason, await status("/v2/health/ready"), await price("g")]).toEqual(["READY", "", 200, 13]);
    const metadata = (await (await fetch(`${url}/v2/models/g`)).json()) as { inputs: { name: string }[] };
    expect(metadata.inputs.map(({ name }) => name)).toEqual(["distance", "seats", "city"]);
    expect((await infer("g", { inputs: trip(1, 1, "").inputs.slice(1) })).body.error).toMatch(/The input "distance" is missing/);
    expect(said.join("")).toMatch(/there is no endpoint [^]*g\.graph\.json is ready/);
  });

  test("shares the endpoint's model, and its counts", async () => {
    const { price, metric } = await start(sequence({ endpoint: "prices" }), { prices: at(modelFile("trips-1")) });
    const loads = await metric("millrace_model_loads_total");
    expect([await price("g"), await price("g"), await price("prices")]).toEqual([13, 13, 13]);
    const asked = (name: string) => metric(`millrace_inference_requests_total{endpoint="${name}",version="1",variant="1",status="ok"}`);
    expect([await asked("g"), await asked("prices"), await metric("millrace_model_loads_total")]).toEqual([2, 3, loads]);
  });

  test("asks for a version or a label; one that is not there is waited for", async () => {
    const prices = { ...both, labels: { next: "2" } };
    const { price, g, repository } = await start({ root: { kind: "ensemble", combine: "mean", steps: [{ endpoint: "prices", version: 1, name: "a" }, { endpoint: "prices", label: "next", name: "b" }] } }, { prices });
    expect(await price("g")).toBe(513);
    await repository.unload("prices", "2");
    expect([g().reason, await price("g")]).toEqual([expect.stringMatching(/steps\[1\]: "prices" has no label "next"; it has version "1"/), 503]);
  });

  test("without either the weights decide, at every run", async () => {
    const { price } = await start(sequence({ endpoint: "prices" }), { prices: { ...both, weights: { 1: 0.5, 2: 0.5 }, fallback: { variant: "1" }, rules: [{ if: { header: { "user-agent": { prefix: "" } } }, variant: "1" }] } });
    const seen = new Set<unknown>();
    for (let asked = 0; asked < 60; asked++) seen.add(await price("g"));
    expect(seen).toEqual(new Set([13, 1013]));
  });

  test("follows an endpoint that changes what it takes, and waits while that does not fit", async () => {
    const { infer, load, g, price, url } = await start(sequence({ model: modelFile("trips-1") }, { endpoint: "check", inputs: { amount: "prediction" } }), { check: at(modelFile("picky")), plain: at(await graphFile(sequence({ endpoint: "check" }))) });
    const inputsOf = async (name: string) => ((await (await fetch(`${url}/v2/models/${name}`)).json()) as { inputs: { name: string }[] }).inputs.map((input) => input.name);
    expect([await price("g"), await inputsOf("plain")]).toEqual([13, ["amount"]]);
    await load("check", "churn");
    expect([await price("g"), g().reason]).toEqual([503, expect.stringMatching(/steps\[1\]\.inputs: the step has no input "amount"; it has /)]);
    expect(await infer("plain")).toMatchObject({ status: 200, body: { outputs: [{ name: "label" }, { name: "probabilities" }] } });
    expect((await infer("plain", { inputs: [{ name: "amount", datatype: "FP32", shape: [1], data: [1] }] })).body.error).toMatch(/no input "amount"/);
    await load("check", "picky");
    expect([g().state, await price("g"), await inputsOf("plain")]).toEqual(["READY", 13, ["amount"]]);
  });

  test("is asked while the endpoint changes versions: every answer is of one or the other", async () => {
    const { url, load } = await start(sequence({ endpoint: "prices" }), { prices: at(modelFile("trips-1")) });
    const asking = keepAsking(url, "g", 8);
    for (const model of ["trips-2", "trips-1", "trips-2"]) {
      await asking.answered(50);
      await load("prices", model);
    }
    await asking.answered(50);
    expect(new Set((await asking.stop()).keys())).toEqual(new Set([13, 1013]));
  });

  test("is asked while the endpoint goes and comes: answers, and 503 with the reason between", async () => {
    const { url, load, repository, price } = await start(sequence({ endpoint: "prices" }), { prices: at(modelFile("trips-1")) });
    const asking = keepAsking(url, "g", 8);
    await asking.answered(50);
    await repository.unload("prices");
    await asking.answered(50);
    await load("prices", "trips-1");
    await asking.answered(50);
    const outcomes = [...(await asking.stop()).keys()];
    expect(outcomes).toContain(13);
    expect(outcomes.filter((one) => one !== 13)).not.toEqual([]);
    for (const other of outcomes.filter((one) => one !== 13)) expect(other).toMatch(/^503 .*there is no endpoint/);
    expect(await price("g")).toBe(13);
  });

  test("a graph may ask a graph; endpoints that would ask themselves are refused, and what is served stays", async () => {
    const { repository, price } = await start(sequence({ endpoint: "prices" }), { prices: at(modelFile("trips-1")) });
    await repository.load({ name: "outer", location: await graphFile(sequence({ endpoint: "g" })) });
    expect(await price("outer")).toBe(13);
    const refused = (name: string, nodes: object) => graphFile(nodes).then((location) => repository.load({ name, location })).then(() => "", (error: Error) => error.message);
    expect(await refused("prices", sequence({ endpoint: "outer" }))).toMatch(/would ask itself: \w+ → \w+ → \w+ → \w+; a graph may only ask endpoints that do not come back to it/);
    expect(await refused("self", sequence({ endpoint: "self" }))).toMatch(/The endpoint "self" would ask itself: self → self/);
    expect([await price("outer"), await price("prices"), await price("self")]).toEqual([13, 13, 404]);
    await repository.unload("prices");
    expect([await price("outer"), repository.index().find(({ name }) => name === "outer")!.reason]).toEqual([503, expect.stringMatching(/"g" is not ready: .*there is no endpoint "prices"/)]);
  });

  test("a soft step may lack its endpoint's answer, not its endpoint", async () => {
    const { repository, infer, price } = await start(
      { root: { kind: "ensemble", steps: [{ name: "sure", endpoint: "prices" }, { name: "maybe", endpoint: "check", inputs: { amount: "distance" }, dependency: "soft" }] } },
      { prices: at(modelFile("trips-1")), check: at(modelFile("picky")) },
    );
    expect((await infer("g", trip(2e6, 1, "Oslo"))).body.outputs!.map(({ data }) => data[0])).toEqual([expect.any(Number), null]);
    await repository.unload("check");
    expect(await price("g")).toBe(503);
  });

  test("shares the endpoint's place in memory, where that is short", async () => {
    const { price, metric } = await start(sequence({ endpoint: "a" }, { endpoint: "b", inputs: { amount: "prediction" }, outputs: { prediction: "paid" } }), { a: at(modelFile("trips-1")), b: at(modelFile("picky")), c: at(modelFile("trips-2")) }, { memoryLimit: 2800 });
    for (let turn = 0; turn < 5; turn++) expect([await price("g"), await price("c")]).toEqual([13, 1013]);
    expect(await metric("millrace_model_memory_bytes")).toBeLessThanOrEqual(2800);
    expect(await metric("millrace_model_evictions_total")).toBeGreaterThan(0);
  });

  test("as the manual has it", async () => {
    const page = await readFile(new URL("../../../../../docs/python-models.md", import.meta.url), "utf8");
    const [, yaml] = /```yaml\n([^`]*endpoint:[^`]*)```/.exec(page)!;
    const file = join(await makeFolder(), "fares.graph.yaml");
    await writeFile(file, yaml);
    const trips = at(modelFile("trips-1"));
    const { price, infer } = await startOwn(await makeFolder(), { fares: at(file), prices: trips, "oslo-prices": { ...both, labels: { stable: "2" } } });
    expect([await price("fares"), (await infer("fares", trip(1, 1, "Rome"))).body.outputs![0].data]).toEqual([1013, [23]]);
  });

  test("under a control plane, whatever the order of its configuration", async () => {
    const graph = { ...variant("champion", "trips-1", 1), location: await graphFile(sequence({ endpoint: "prices" })) };
    const home = await makeHome(config(1, endpoint("g", graph), endpoint("prices", variant("champion", "trips-1", 1))));
    const gateway = await startProcess(home);
    expect((await gateway.infer("g", trip(1, 1, "Oslo"))).body.outputs![0].data).toEqual([13]);
    expect((await gateway.admin("status")).ready).toBe(true);
  });
});
