import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdir, readdir, readFile, rename, rm, statfs, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { setTimeout as until } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { config, endpoint, makeHome, modelFile, startProcess, variant, writeConfig } from "../../src/serving/gateway/fixtures/gateway-process.ts";
import { keepAsking } from "../../src/serving/gateway/fixtures/own-gateway.ts";
import { startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { every, gatewayOf, lasting, rowsIn, settled, sum, swapEvery } from "./gateway-under-load.ts";

/*
 * Gateways under load from 32 connections: models change places, threads and the server are killed, the
 * disk is full for a while. What the clock does here is what the clock does in production: nothing is simulated.
 */
const timeout = lasting + 240_000;

const run = promisify(execFile);

interface Disk {
  readonly what: string;
  fill(): Promise<void>;
  free(): Promise<void>;
}

/**
 * A disk for the prediction log that can be filled: a tmpfs where mounting is allowed; elsewhere a file stands where the folder was, so that writing
 * fails for another reason in the same place.
 */
async function diskAt(folder: string): Promise<Disk> {
  await mkdir(folder, { recursive: true });
  try {
    await run("mount", ["-t", "tmpfs", "-o", "size=1g", "none", folder]);
  } catch {
    const aside = `${folder}-aside`;
    return {
      what: "a file in place of the folder",
      fill: async () => {
        await rename(folder, aside);
        await writeFile(folder, "");
      },
      free: async () => {
        await rm(folder);
        await rename(aside, folder);
      },
    };
  }
  onTestFinished(async () => void (await run("umount", ["-l", folder])));
  const resize = (bytes: number) => run("mount", ["-o", `remount,size=${bytes}`, folder]);
  const filler = join(folder, "filler");
  return {
    what: "a full tmpfs",
    fill: async () => {
      const { bsize, blocks, bfree } = await statfs(folder);
      await resize(bsize * (blocks - bfree) + (4 << 20));
      await expect(writeFile(filler, Buffer.alloc(8 << 20))).rejects.toMatchObject({ code: "ENOSPC" });
    },
    free: async () => {
      await resize(2 ** 30);
      await rm(filler);
    },
  };
}

test("a gateway of its own: swaps lose nothing, threads that die are replaced, a full disk costs counted rows only, memory stays", { timeout }, async () => {
  const trips = (revision: number) => endpoint("trips", { ...variant("champion", `trips-${1 + (revision % 2)}`, 1), version: String(revision) });
  const slow = endpoint("slow", variant("champion", "heavy", 1));
  const home = await makeHome(config(1, trips(1), slow));
  const folder = join(home, "predictions");
  const disk = await diskAt(folder);
  const before = process.env["NODE_OPTIONS"];
  process.env["NODE_OPTIONS"] = `${before ?? ""} --import=${pathToFileURL(join(import.meta.dirname, "kill-threads.ts")).href}`;
  const process1 = await startProcess(home, "--log-seconds", "1", "--log-capacity", "20000").finally(() => {
    if (before === undefined) delete process.env["NODE_OPTIONS"];
    else process.env["NODE_OPTIONS"] = before;
  });
  const gateway = await gatewayOf(home);
  // A body that never comes to its end holds a connection for a minute.
  const lingering = connect({ port: process1.address.port, host: "127.0.0.1" });
  lingering.write("POST /v2/models/trips/infer HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n{");
  const timedOut = once(lingering, "data") as Promise<[Buffer]>;

  const amount = { inputs: [{ name: "amount", datatype: "FP32", shape: [1], data: [2000] }] };
  const load = keepAsking(process1.url, "trips", 28);
  const slowLoad = keepAsking(process1.url, "slow", 4, amount);
  const end = performance.now() + lasting;
  const level = settled(() => gateway.memory());
  const swaps = every(swapEvery, end, async (turn) => {
    await writeConfig(home, config(turn + 2, trips(turn + 2), slow));
    expect((await process1.admin("reload")).status).toBe(200);
  });
  const kills = every(swapEvery * 0.7, end, async () => void process1.child.kill("SIGUSR2"));
  const full = until(lasting / 3).then(async () => {
    await disk.fill();
    await until(lasting / 6);
    const { log } = await gateway.status();
    await disk.free();
    return log;
  });
  const [swapped, killed, during, first] = await Promise.all([swaps, kills, full, level]);
  const [outcomes, slowOutcomes] = [await load.stop(), await slowLoad.stop()];
  const last = await gateway.memory();
  expect(await gateway.flush()).toBe(200);

  const { pid, log, configError } = await gateway.status();
  const failed = [...slowOutcomes.keys()].filter((outcome) => outcome !== 2000);
  const answered = sum(outcomes) + sum(slowOutcomes);
  const rows = await rowsIn(folder);
  console.log(
    `alone: ${answered} requests (${Math.round(answered / (lasting / 1000))}/s), ${swapped} swaps, ${killed} threads killed, ${sum(slowOutcomes, (outcome) => outcome !== 2000)} requests failed by them; ` +
      `${disk.what}: ${during.failures} failures, ${log.dropped} rows dropped; ${rows} rows in files; memory ${Math.round(first)} MiB when settled, ${Math.round(last)} MiB at the end`,
  );
  expect([pid, configError, process1.child.exitCode]).toEqual([gateway.pid, null, null]);
  // Swaps: every trip was answered by one version or the other.
  expect([...outcomes.keys()].filter((outcome) => outcome !== 13 && outcome !== 1013)).toEqual([]);
  expect([outcomes.get(13)! > 0, outcomes.get(1013)! > 0, swapped > 2, killed > 2]).toEqual([true, true, true, true]);
  // Killed threads: what was in them fails with a sentence that says so, and nothing else does.
  for (const outcome of failed) expect(outcome).toMatch(/^500 .*the thread that runs the model has ended/);
  // The disk: writing failed, and goes on; what was dropped is counted; nothing is there twice, nothing in part.
  expect(during.failures).toBeGreaterThan(0);
  expect([log.pending, log.lastError, log.written, rows + log.dropped]).toEqual([0, null, rows, answered]);
  expect((await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile() && !entry.name.endsWith(".parquet"))).toEqual([]);
  expect(last).toBeLessThan(first * 1.25 + 64);
  expect(String((await timedOut)[0])).toMatch(/^HTTP\/1\.1 408/);
  lingering.destroy();
});

test("a gateway under a server: deployments change and the server is killed, and no request fails", { timeout }, async () => {
  const home = await temporaryFolder();
  let server = await startMillrace(home);
  const gateway = await gatewayOf(home);
  const ask = async (method: string, path: string, body?: object | Buffer) => {
    const sent = Buffer.isBuffer(body) ? new Uint8Array(body) : JSON.stringify(body);
    const answer = await fetch(`${server.url}${path}`, { method, body: sent, headers: { "content-type": Buffer.isBuffer(body) ? "application/octet-stream" : "application/json" } });
    expect([path, answer.status]).toEqual([path, 200]);
    return answer.json() as Promise<{ run?: { info: { run_id: string } } }>;
  };
  await ask("POST", "/api/2.0/mlflow/registered-models/create", { name: "trips" });
  for (const model of ["trips-1", "trips-2"]) {
    const { run } = await ask("POST", "/api/2.0/mlflow/runs/create", { experiment_id: "0" });
    const id = run!.info.run_id;
    await ask("PUT", `/api/2.0/mlflow-artifacts/artifacts/0/${id}/artifacts/model/model.onnx`, await readFile(modelFile(model)));
    await ask("POST", "/api/2.0/mlflow/model-versions/create", { name: "trips", source: `mlflow-artifacts:/0/${id}/artifacts/model`, run_id: id });
  }
  const deploy = (turn: number) => ask("PUT", "/api/serving/deployments/trips", { reason: `turn ${turn}`, variants: [{ name: "champion", version: 1 + (turn % 2), weight: 1 }] });
  await deploy(0);

  const load = keepAsking(gateway.url, "trips", 32);
  const end = performance.now() + lasting;
  const level = settled(() => gateway.memory());
  // A third of the turns find the server killed, and start it again.
  let lives = 1;
  const swaps = every(swapEvery, end, async (turn) => {
    if (turn % 3 === 2) {
      await server.kill();
      server = await startMillrace(home);
      lives++;
    }
    await deploy(turn + 1);
  });
  const [swapped, first] = await Promise.all([swaps, level]);
  const outcomes = await load.stop();
  const last = await gateway.memory();
  expect(await gateway.flush()).toBe(200);
  const { pid, log } = await gateway.status();
  const [answered, rows] = [sum(outcomes), await rowsIn(join(home, "predictions"))];
  console.log(`under a server: ${answered} requests (${Math.round(answered / (lasting / 1000))}/s), ${swapped} deployments, ${lives} lives of the server; ${rows} rows in files, ${log.dropped} dropped; memory ${Math.round(first)} MiB when settled, ${Math.round(last)} MiB at the end`);
  expect(pid).toBe(gateway.pid);
  expect([...outcomes.keys()].filter((outcome) => outcome !== 13 && outcome !== 1013)).toEqual([]);
  expect([outcomes.get(13)! > 0, outcomes.get(1013)! > 0, lives > 1]).toEqual([true, true, true]);
  expect([log.written, rows + log.dropped]).toEqual([rows, answered]);
  expect(last).toBeLessThan(first * 1.25 + 64);
});
