import { execFile } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as until } from "node:timers/promises";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import type { VariantConfig } from "../../src/serving/gateway/config/config.ts";
import { config, endpoint, makeHome, startProcess, variant, writeConfig } from "../../src/serving/gateway/fixtures/gateway-process.ts";
import { keepAsking } from "../../src/serving/gateway/fixtures/own-gateway.ts";
import { Random } from "../../src/serving/gateway/hostile/fuzz/random.ts";
import { savePyfuncModels } from "../clients/pyfunc-models.ts";
import { every, gatewayOf, lasting, rowsIn, settled, sum, swapEvery } from "./gateway-under-load.ts";

interface PythonProcess {
  readonly pid: number;
  readonly mebibytes: number;
  /** The folder of its model. */
  readonly model: string;
}

const run = promisify(execFile);

/** The Python processes of a gateway. */
async function pythonsOf(gateway: number): Promise<PythonProcess[]> {
  const { stdout } = await run("ps", ["-A", "-o", "pid=,ppid=,rss=,args="]);
  return stdout.split("\n").flatMap((line) => {
    const [pid, parent, kibibytes, ...args] = line.trim().split(/\s+/);
    return Number(parent) === gateway ? [{ pid: Number(pid), mebibytes: Number(kibibytes) / 1024, model: args.at(-1)! }] : [];
  });
}

/** What a client may hear when a process was killed with its request in it, and again with its second try; or while none was left. */
const killed = /^503 .*(The process of the model ended before it answered the request, twice|No process of the model is alive)/;

test("Python models: processes are killed at random and models change places; each request is answered or told why not, rows and memory add up", { timeout: lasting + 300_000 }, async () => {
  const { python, folder } = await savePyfuncModels();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const saved = (model: string, instances: number): VariantConfig => ({ name: "champion", version: "1", location: join(folder, model), weight: 1, shadow: false, options: { python, instances } });
  const trips = (revision: number) => endpoint("trips", { ...saved(revision % 2 === 0 ? "trips" : "trips-next", 2), version: String(revision) });
  // These stay: a Python model whose process nobody kills, and one in the gateway itself.
  const others = [endpoint("picky", saved("picky", 1)), endpoint("onnx", variant("champion", "trips-1", 1))];
  const home = await makeHome(config(0, trips(0), ...others));
  const process1 = await startProcess(home, "--log-seconds", "1");
  const gateway = await gatewayOf(home);

  const amount = { inputs: [{ name: "amount", datatype: "FP32", shape: [1], data: [2000] }] };
  const loads = [keepAsking(process1.url, "trips", 8), keepAsking(process1.url, "picky", 2, amount), keepAsking(process1.url, "onnx", 2)];
  const end = performance.now() + lasting;
  const memory = async () => [await gateway.memory(), (await pythonsOf(gateway.pid)).find(({ model }) => model.endsWith("picky"))!.mebibytes];
  const level = settled(memory);
  let refused = 0;
  let served = 0;
  const swap = async () => {
    await writeConfig(home, config(served + refused + 1, trips(served + 1), ...others));
    const answer = await process1.admin("reload");
    expect(answer.status).toBe(200);
    const { refusals } = (await answer.json()) as { refusals: Record<string, { message: string }> };
    if (refusals["trips"] === undefined) served++;
    else {
      // The process that loaded the new model was killed, too: the former model stays, and the next turn tries again.
      expect(refusals["trips"].message).toMatch(/was ended by SIGKILL before .*trips.* was loaded/);
      refused++;
    }
    expect([Object.keys(refusals).filter((name) => name !== "trips"), (await gateway.status()).revision]).toEqual([[], served + refused]);
  };
  const swaps = every(swapEvery / 2, end, swap);
  const seed = Date.now() % 1_000_000;
  const random = new Random(seed);
  const kills = every(2000, end, async () => {
    await until(random.below(6000));
    const victims = (await pythonsOf(gateway.pid)).filter(({ model }) => !model.endsWith("picky"));
    if (victims.length > 0) process.kill(random.pick(victims).pid, "SIGKILL");
  });
  const [, kill9s, first] = await Promise.all([swaps, kills, level]);
  // Chance may have had each loading process killed: without kills, the next swap is served.
  const refusedByKills = refused;
  while (served < 2) await swap();
  expect(refused).toBe(refusedByKills);
  const [tripOutcomes, pickyOutcomes, onnxOutcomes] = await Promise.all(loads.map((load) => load.stop()));
  // Two processes come back, however many were killed.
  await expect.poll(async () => (await pythonsOf(gateway.pid)).length, { timeout: 60_000, interval: 250 }).toBe(3);
  const last = await memory();
  expect(await gateway.flush()).toBe(200);

  const { pid, log } = await gateway.status();
  const failures = [...tripOutcomes].filter(([outcome]) => outcome !== 13 && outcome !== 1013);
  const failed = failures.reduce((total, [, count]) => total + count, 0);
  const answered = sum(tripOutcomes) - failed + sum(pickyOutcomes) + sum(onnxOutcomes);
  const rows = await rowsIn(join(home, "predictions"));
  console.log(
    `Python: ${answered} requests answered (${Math.round(sum(tripOutcomes) / (lasting / 1000))}/s of the model that was killed), ${served} swaps, ${refused} refused, ${kill9s} processes killed (seed ${seed}), ${failed} requests failed by them; ` +
      `${rows} rows in files, ${log.dropped} dropped; memory of the gateway ${first.map(Math.round)[0]} MiB when settled, ${Math.round(last[0])} MiB at the end, of a Python process ${Math.round(first[1])} and ${Math.round(last[1])} MiB`,
  );
  expect([pid, process1.child.exitCode]).toEqual([gateway.pid, null]);
  // Swaps: no request failed by them. Killed processes: what was in them was tried again, or failed with a sentence that says so.
  for (const [outcome] of failures) expect(outcome).toMatch(killed);
  expect([tripOutcomes.get(13)! > 0, tripOutcomes.get(1013)! > 0, kill9s > 2]).toEqual([true, true, true]);
  // What nobody killed did not notice.
  expect([[...pickyOutcomes.keys()], [...onnxOutcomes.keys()]]).toEqual([[2000], [13]]);
  // The log: every answer once, nothing else, nothing left behind.
  expect([log.pending, log.lastError, log.written, rows + log.dropped]).toEqual([0, null, rows, answered]);
  expect((await readdir(join(home, "predictions"), { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile() && !entry.name.endsWith(".parquet"))).toEqual([]);
  for (const [index, mebibytes] of last.entries()) expect(mebibytes).toBeLessThan(first[index] * 1.25 + 64);
});
