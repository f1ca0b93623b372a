import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gatewayOf, rowsIn } from "../endurance/gateway-under-load.ts";
import { writeWorld, usual } from "../daily-world.ts";
import { freeBytes } from "../../src/storage/disk-full.ts";
import { disk, fill, makeRoom, remount } from "../disk.ts";
import { logRun, makeHome, predict } from "../lived-in-home.ts";
import { killGatewayOf, millrace, runProject, startMillrace, type RunningServer } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const fixture = join(import.meta.dirname, "../../src/mlflow/import/fixtures/mlruns");
const [wind, outer] = ["958193241164143107", "12345678e01234567890123456789012"];

let folder = "";
let whole = "";
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-disks-"));
  ({ home: whole } = await makeHome(folder, { atEnd: (end) => void ends.push(end) }));
});

afterAll(async () => {
  for (const end of ends) await end();
  await rm(folder, { recursive: true, force: true });
});

/** A disk with the home that was lived in. */
async function homeOnDisk(mebibytes: number): Promise<{ place: string; home: string }> {
  const place = await disk(mebibytes);
  const home = join(place, "home");
  await cp(whole, home, { recursive: true, preserveTimestamps: true });
  return { place, home };
}

/** Bytes that the home's backup takes on a disk without other files. */
async function sizeOfBackup(target: string): Promise<number> {
  const place = await disk(64);
  const free = freeBytes(place)!;
  expect((await millrace(["backup", join(place, target), "--home", whole])).code).toBe(0);
  return free - freeBytes(place)!;
}

const sentence = /The disk is full: \d+ bytes are free in \S+/;

test("a training on a disk that is full fails with that reason, and succeeds when there is room", async () => {
  const { place, home } = await homeOnDisk(64);
  const server = await startMillrace(home);
  const file = await writeWorld(await temporaryFolder(), { baseDays: 20, liveDays: 1, target: (x, group) => usual(x, group) + 1 });
  await fill(place);
  const failed = await runProject(server.url, file).then((run) => run.reason ?? "", (error: unknown) => (error as Error).message);
  expect(failed).toMatch(sentence);
  expect((await fetch(`${server.url}/health`).then((answer) => answer.json())) as object).toMatchObject({ status: "disk_full" });
  await makeRoom(place);
  expect(await runProject(server.url, file)).toMatchObject({ state: "succeeded" });
  expect((await millrace(["doctor", "--full", "--home", home])).out).not.toMatch(/^error (?!disk)/m);
});

test("a gateway on a disk that is full answers, and what it answered is in the log when there is room", async () => {
  const { place, home } = await homeOnDisk(64);
  const server = await startMillrace(home);
  const gateway = await gatewayOf(home);
  await gateway.flush();
  const before = await rowsIn(join(home, "predictions"));
  await predict(server.url, 5);
  await fill(place);
  await predict(server.url, 20);
  expect(await gateway.flush()).not.toBe(200);
  const { log } = await gateway.status();
  expect([log.failures > 0, log.lastError]).toEqual([true, expect.stringMatching(/ENOSPC|no space|No space/)]);
  await makeRoom(place);
  await predict(server.url, 5);
  expect(await gateway.flush()).toBe(200);
  const after = await gateway.status();
  expect([await rowsIn(join(home, "predictions")), after.log.lastError]).toEqual([before + 30 - after.log.dropped, null]);
  expect(after.log.dropped).toBe(0);
});

test.each(["backups", "backup.tar"])("a backup into %s on a disk that is full is one sentence, makes no moment, and is made when there is room", async (target) => {
  const place = await disk(32);
  const backUp = () => millrace(["backup", join(place, target), "--home", whole]);
  // Before anything is written, soon after, and near the end.
  const size = await sizeOfBackup(target);
  for (const but of [0, 0.2 * size, 0.8 * size].map(Math.round)) {
    await fill(place, but);
    const { code, err } = await backUp();
    expect([but, code, err]).toEqual([but, expect.any(Number), expect.stringMatching(sentence)]);
    expect([code > 0, err.trim().split("\n").length, err.includes(place)]).toEqual([true, 1, true]);
    if (existsSync(join(place, target, "moments"))) expect(await readdir(join(place, target, "moments"))).toEqual([]);
    await makeRoom(place);
  }
  expect(await backUp()).toMatchObject({ code: 0, err: "" });
  expect((await millrace(["backup", join(place, target), "--verify"])).code).toBe(0);
});

test("a restore to a disk that is full leaves no home, and is done again when there is room", async () => {
  const backup = join(await temporaryFolder(), "backups");
  expect((await millrace(["backup", backup, "--home", whole])).code).toBe(0);
  const place = await disk(32);
  const to = join(place, "restored");
  const size = await sizeOfBackup("backups");
  for (const but of [0.2 * size, 0.6 * size].map(Math.round)) {
    await fill(place, but);
    const { code, err } = await millrace(["restore", backup, "--home", to]);
    expect([but, code > 0, err]).toEqual([but, true, expect.stringMatching(sentence)]);
    expect((await millrace(["up", "--home", to, "--port", "0", "--gateway-port", "0"])).err).toMatch(/was not restored to the end/);
    await makeRoom(place);
  }
  expect((await millrace(["restore", backup, "--home", to])).code).toBe(0);
  expect((await millrace(["doctor", "--full", "--home", to])).out).not.toMatch(/^error (?!disk)/m);
});

/** Contents of an upload that nobody names any more, old enough to be collected; returns how many bytes. */
async function litter(home: string, server: RunningServer, count: number, bytes: number): Promise<number> {
  const root = join(home, "artifacts");
  const before = new Set(await readdir(root, { recursive: true }));
  for (let at = 0; at < count; at++) {
    const address = `${server.url}/api/2.0/mlflow-artifacts/artifacts/litter/${at}`;
    expect((await fetch(address, { method: "PUT", body: new Uint8Array(bytes).fill(at + 1) })).status).toBe(200);
    expect((await fetch(address, { method: "DELETE" })).status).toBe(200);
  }
  const longAgo = Date.now() / 1000 - 3 * 86_400;
  for (const name of await readdir(root, { recursive: true })) if (!before.has(name) && /[0-9a-f]{62}$/.test(name)) await utimes(join(root, name), longAgo, longAgo);
  return count * bytes;
}

/** Writes until nothing more is taken: then SQLite's log has no room either. */
async function fillToTheLast(place: string, server: RunningServer, run: string): Promise<void> {
  await fill(place);
  for (let refusals = 0, at = 0; refusals < 5; at++) {
    const answer = await fetch(`${server.url}/api/2.0/mlflow/runs/set-tag`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ run_id: run, key: `k${at}`, value: "t".repeat(4000) }) });
    if (answer.status !== 200) refusals++;
  }
}

const statusOf = async (server: RunningServer, run: string): Promise<unknown> => ((await (await fetch(`${server.url}/api/2.0/mlflow/runs/get?run_id=${run}`)).json()) as { run?: { info: { lifecycle_stage: string } } }).run?.info.lifecycle_stage;

/** Deletes a run with many rows, so that collecting it takes many pages. */
async function deletedRun(server: RunningServer): Promise<string> {
  const run = await logRun(server.url, "chaff");
  const post = (path: string, body: object) => fetch(`${server.url}/api/2.0/mlflow/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ run_id: run, ...body }) });
  for (let part = 0; part < 5; part++) expect((await post("runs/log-batch", { metrics: Array.from({ length: 1000 }, (_, at) => ({ key: `m${at % 50}`, value: at, step: part * 1000 + at, timestamp: at })) })).status).toBe(200);
  expect((await post("runs/delete", {})).status).toBe(200);
  return run;
}

test("garbage is collected on a disk that is full: without room for its rows it is one sentence and nothing is gone; where files without names make room, all of it is done", async () => {
  const { place, home } = await homeOnDisk(64);
  const server = await startMillrace(home);
  const kept = await logRun(server.url, "kept");
  const chaff = await deletedRun(server);
  await fillToTheLast(place, server, kept);
  const collect = () => millrace(["gc", "--older-than", "0s", "--home", home]);
  const failed = await collect();
  expect([failed.code > 0, failed.err, failed.err.trim().split("\n").length]).toEqual([true, expect.stringMatching(sentence), 1]);
  expect(await statusOf(server, chaff)).toBe("deleted");
  await makeRoom(place);
  await litter(home, server, 8, 1 << 20);
  await fillToTheLast(place, server, kept);
  const done = await collect();
  expect([done.code, done.err, done.out]).toEqual([0, "", expect.stringMatching(/^Removed .*1 runs.*and \d+ files \(8\.\d MB\)/)]);
  expect(await statusOf(server, chaff)).toBeUndefined();
  expect(await statusOf(server, kept)).toBe("active");
  await makeRoom(place);
  expect((await millrace(["doctor", "--full", "--home", home])).out).not.toMatch(/^error (?!disk)/m);
});

test.each<[string, number]>([
  ["has no byte left", 0],
  ["fills up amid the files", 3 << 20],
])("an import into a home on a disk that %s is one sentence, nothing is half there, and it ends when there is room", async (_, but) => {
  const { place, home } = await homeOnDisk(64);
  const server = await startMillrace(home);
  const from = join(await temporaryFolder(), "mlruns");
  await cp(fixture, from, { recursive: true });
  // What is left of the disk does not hold all of them; the last is much larger than what is left.
  for (const [at, mebibytes] of [2, 2, 24].entries()) await writeFile(join(from, wind, outer, "artifacts", `weights${at}.bin`), Buffer.alloc(mebibytes << 20, at + 1));
  const bring = (...options: string[]) => millrace(["import", "mlflow", "--from", from, "--home", home, ...options]);
  await fill(place, but);
  const failed = await bring();
  expect([failed.code > 0, failed.err, failed.out]).toEqual([true, expect.stringMatching(/^error The disk is full: \d+ bytes are free in \S+\. [^{}"]+\n$/), ""]);
  expect(await statusOf(server, outer)).toBeUndefined();
  expect((await readdir(join(home, "artifacts", "tmp")).catch(() => [])).filter((name) => !name.startsWith("removing-"))).toEqual([]);
  await makeRoom(place);
  const done = await bring("--json");
  const report = JSON.parse(done.out) as { leftOut: unknown[]; checked: { source: number; here: number }[] };
  expect([done.code, report.leftOut, report.checked.filter(({ source, here }) => source !== here)]).toEqual([0, [], []]);
  expect(await statusOf(server, outer)).toBe("active");
  expect((await millrace(["doctor", "--full", "--home", home])).out).not.toMatch(/^error (?!disk)/m);
});

test("a home on a disk that is read-only now: the server refuses it in one sentence, the doctor says so, and a backup of it is whole, with what was still in SQLite's log", async () => {
  const { place, home } = await homeOnDisk(64);
  const server = await startMillrace(home);
  const run = await logRun(server.url, "kept");
  await server.kill();
  await killGatewayOf(home);
  expect((await stat(join(home, "millrace.db-wal"))).size).toBeGreaterThan(0);
  await remount(place, "ro");
  const up = await millrace(["up", "--home", home, "--port", "0", "--gateway-port", "0"]);
  expect([up.code > 0, up.err]).toEqual([true, expect.stringMatching(/^error: ?.*read-only|read-only/)]);
  expect(up.err.trim().split("\n")).toHaveLength(1);
  const doctor = await millrace(["doctor", "--home", home]);
  expect([doctor.code, doctor.out]).toEqual([3, expect.stringMatching(/read-only/)]);
  const backup = join(await temporaryFolder(), "backups");
  expect(await millrace(["backup", backup, "--home", home])).toMatchObject({ code: 0, err: "" });
  await remount(place, "rw");
  const to = join(await temporaryFolder(), "restored");
  expect((await millrace(["restore", backup, "--home", to])).code).toBe(0);
  const restored = await startMillrace(to);
  expect((await fetch(`${restored.url}/api/2.0/mlflow/runs/get?run_id=${run}`)).status).toBe(200);
});
