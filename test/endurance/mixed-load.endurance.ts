import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { loadProject } from "../../src/project/load.ts";
import { openBrowser } from "../browser/open-browser.ts";
import { openPage } from "../browser/open-page.ts";
import { usual, writeWorld } from "../daily-world.ts";
import { runProject, startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { floors, trendOf, type Sample } from "./flatness.ts";
import { gatewayOf } from "./gateway-under-load.ts";
import { longRun, memoryByKind, memoryOfWorkers, over, predictSome, Tally, trackingClient, train, walkPages } from "./mixed-load.ts";

/** How long all of it works, in milliseconds: `MIXED_LOAD_MINUTES` (2; 20 every night). */
const minutes = Number(process.env["MIXED_LOAD_MINUTES"] ?? 2);
const lasting = minutes * 60_000;
const sampleEvery = 1000;
/** Heaps, caches of pages of the database and of statements grow to what the load needs in the first part. */
const settledFrom = 0.4;
/** Stretches of time, of each of which the least sample counts. */
const stretches = minutes >= 10 ? 36 : 12;
/**
 * A line that surely rises may rise by so much of the level over the stretch. What a process holds (its heap after a collection, buffers) stays; what the system has given it
 * also counts what allocators (V8, DuckDB, ONNX Runtime, the C library) keep for later, and that levels off over a quarter of an hour.
 */
const allowedOf = (name: string): number => (name.includes("rss") ? 0.25 : minutes >= 10 ? 0.05 : 0.15);

test(`${minutes} minutes of clients' writes, predictions, trainings and open pages: nothing fails, and memory of each kind stays`, { timeout: lasting + 300_000 }, async () => {
  const home = await temporaryFolder();
  const server = await startMillrace(home, { env: { NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} --expose-gc --import=${pathToFileURL(join(import.meta.dirname, "collect-often.ts")).href}`, COLLECT_EVERY_MS: String(lasting * (1 - settledFrom) / stretches / 2) } });
  const world = await writeWorld(await temporaryFolder(), { strategy: "immediate", baseDays: 200, liveDays: 1, target: usual });
  expect(await runProject(server.url, world)).toMatchObject({ state: "succeeded" });
  const [gateway, project, long, browser] = await Promise.all([gatewayOf(home), loadProject(world), longRun(server.url), openBrowser()]);
  try {
    // Two windows: one stays on a chart that grows, the other walks.
    const live = await openPage(browser, `${server.url}/runs/${long.id}`);
    const walker = await openPage(browser, `${server.url}/runs`);
    const begin = performance.now();
    const end = begin + lasting;
    const tally = new Tally();
    const samples = new Map<string, Sample[]>();
    const note = (name: string, value: number): void => void samples.set(name, [...(samples.get(name) ?? []), { at: performance.now() - begin, value }]);
    let workers: number[] = [];
    const watching = over(end, sampleEvery, new Tally(), "samples", async () => {
      const [ofServer, ofGateway, ofWorkers] = await Promise.all([memoryByKind(server.url), memoryByKind(gateway.url), memoryOfWorkers(server.child.pid!, gateway.pid)]);
      for (const [kind, value] of Object.entries(ofServer)) note(`server ${kind}`, value);
      for (const [kind, value] of Object.entries(ofGateway)) note(`gateway ${kind}`, value);
      if (ofWorkers !== undefined) workers.push(ofWorkers);
    });
    const trainOne = train(server.url, home, project);
    await Promise.all([
      watching,
      ...Array.from({ length: 6 }, (_, number) => over(end, 50, tally, "requests of tracking clients", trackingClient(server.url, number))),
      over(end, 100, tally, "batches of a long history", long.log),
      ...Array.from({ length: 2 }, () => over(end, 100, tally, "tens of predictions", predictSome(server.url))),
      over(end, 2000, tally, "trainings", async (turn) => {
        workers = [];
        await trainOne(turn);
        if (workers.length > 0) note("workers rss at most in a training", Math.max(...workers));
      }),
      over(end, 5000, tally, "pages", walkPages(walker.page, server.url, ["/runs", "/traces", "/experiments", "/models", "/monitoring", "/deployments", "/pipelines", `/runs/${long.id}`, "/"])),
    ]);
    const trends = [...samples].map(([name, those]) => {
      const settled = name.startsWith("workers") ? those.filter(({ at }) => at >= lasting * settledFrom) : floors(those, settledFrom, stretches);
      return { name, settled: settled.length, ...(settled.length >= 5 ? trendOf(settled) : { rise: 0, low: 0, high: 0, level: 0 }) };
    });
    console.log([`${tally.toString()} in ${minutes} minutes`, ...trends.map(({ name, settled, level, rise, low, high }) => `${name}: ${level.toFixed(1)} MiB, ${rise.toFixed(2)} over the last ${((1 - settledFrom) * minutes).toFixed(1)} minutes (95 %: ${low.toFixed(2)} to ${high.toFixed(2)}), ${settled} samples`)].join("\n"));
    const into = process.env["MIXED_LOAD_SAMPLES"];
    if (into !== undefined) await writeFile(into, JSON.stringify(Object.fromEntries(samples)));
    expect(tally.faults).toEqual([]);
    expect([live.complaints, walker.complaints]).toEqual([[], []]);
    for (const what of ["requests of tracking clients", "batches of a long history", "tens of predictions", "trainings", "pages"]) expect([what, (tally.done.get(what) ?? 0) > 2]).toEqual([what, true]);
    await live.page.getByText(/points: mean, and the band/).first().waitFor();
    expect(trends.filter(({ name, low, rise, level }) => low > 0 && rise > Math.max(1, allowedOf(name) * level)).map(({ name }) => name)).toEqual([]);
  } finally {
    await browser.close();
  }
});
