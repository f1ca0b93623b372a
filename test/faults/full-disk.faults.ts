import { existsSync } from "node:fs";
import { cp, mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { gatewayOf, rowsIn } from "../endurance/gateway-under-load.ts";
import { writeWorld, usual } from "../daily-world.ts";
import { freeBytes } from "../../src/storage/disk-full.ts";
import { disk, fill, makeRoom, remount } from "../disk.ts";
import { logRun, makeHome, predict } from "../lived-in-home.ts";
import { killGatewayOf, millrace, runProject, startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";

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
