import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { cp, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { queryOne, withConnection } from "../src/storage/duckdb.ts";
import { runUntilKilled, type KillPoint } from "./faults/kill-points.ts";
import { logRun, makeHome, predict, type LivedIn } from "./lived-in-home.ts";
import { killGatewayOf, millrace, program, startMillrace } from "./running-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

let folder = "";
let home = "";
let lived: LivedIn;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-backup-"));
  ({ home, ...lived } = await makeHome(folder, { atEnd: (end) => void ends.push(end) }));
}, 120_000);

afterAll(async () => {
  for (const end of ends) await end();
  await rm(folder, { recursive: true, force: true });
});

const json = async (...args: string[]) => {
  const { code, out, err } = await millrace([...args, "--json"]);
  return { code, err, data: JSON.parse(out) as { id: string; newContents: number; missing: string[]; forgotten: string[]; backups: { id: string }[]; wrong: Record<string, string[]>; error?: { code: string; message: string } } };
};
const backUp = (target: string, ...options: string[]) => json("backup", target, "--home", home, ...options);
const restoreTo = (source: string, to: string, ...options: string[]) => json("restore", source, "--home", to, ...options);
const whole = async (at: string) => expect((await millrace(["doctor", "--full", "--home", at])).out).toMatch(/is whole\.\n/);

/** Every row of every table, as text, in order. */
function rowsOf(at: string): Record<string, string[]> {
  const db = new DatabaseSync(join(at, "millrace.db"), { readOnly: true });
  const tables = db.prepare("select name from sqlite_master where type = 'table' and name not like 'sqlite_%' order by name").all().map(({ name }) => String(name));
  const rows = Object.fromEntries(tables.map((table) => [table, db.prepare(`select * from "${table}"`).all().map((row) => JSON.stringify(row)).toSorted()]));
  db.close();
  return rows;
}

/** SHA-256 of every file below a folder, by path. */
async function filesOf(at: string, within: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of (await readdir(join(at, within), { recursive: true })).toSorted()) {
    const path = join(at, within, name);
    if ((await stat(path)).isFile() && !path.includes("/tmp/")) found[name] = createHash("sha256").update(await readFile(path)).digest("hex");
  }
  return found;
}

async function same(one: string, other: string): Promise<void> {
  expect(rowsOf(other)).toEqual(rowsOf(one));
  for (const within of ["artifacts", "predictions"]) expect(await filesOf(other, within)).toEqual(await filesOf(one, within));
}

const flip = async (path: string): Promise<void> => {
  const content = await readFile(path);
  content[content.length >> 1] ^= 4;
  await writeFile(path, content);
};

describe.each([["a folder", "backups"], ["one file", "backup.tar"]])("into %s", (_, target) => {
  test("a stopped home comes back as it was, row by row and byte by byte, journals too, and serves", async () => {
    const [place, to] = [join(await temporaryFolder(), target), join(await temporaryFolder(), "restored")];
    expect(await backUp(place)).toMatchObject({ code: 0, data: { missing: [] } });
    expect(await restoreTo(place, to)).toMatchObject({ code: 0 });
    await same(home, to);
    await whole(to);
    const server = await startMillrace(to);
    const notes = await fetch(`${server.url}/api/2.0/mlflow-artifacts/artifacts/0/${lived.run}/artifacts/notes.txt`);
    expect(await notes.text()).toBe(lived.notes);
    await predict(server.url, 1);
    server.child.kill("SIGTERM");
    await server.exited;
    // Forty from an orderly stop, twenty from the journal of the gateway that was killed, and one.
    const log = await withConnection((connection) => queryOne<{ rows: number }>(connection, `select count(*) as rows from read_parquet('${to}/predictions/*/*/*.parquet', hive_partitioning = false)`));
    expect(log.rows).toBe(61);
  });

  test("what is half written is taken for nothing, and the next one is whole: kill -9 of the backup at each of its points", async () => {
    const place = join(await temporaryFolder(), target);
    const points: Omit<KillPoint, "within">[] = target.endsWith(".tar")
      ? [{ at: String.raw`^after rm \S+/millrace\.db$` }, { at: String.raw`^before sync \S+/backup$` }, { at: String.raw`^before rename \S+/backup \S+\.tar$` }]
      : [
          { at: String.raw`^after rename \S+/millrace-backups\.tmp ` },
          { at: String.raw`^after rm \S+/tmp/millrace\.db$` },
          { at: String.raw`^after rename \S+/tmp/\S+ \S+/contents/` },
          { at: String.raw`^after rename \S+/tmp/\S+ \S+/contents/`, after: 3 },
          { at: String.raw`^before rename \S+ \S+/moments/` },
        ];
    for (const point of points) {
      await runUntilKilled(await temporaryFolder(), { within: "backup", ...point }, ["backup", place, "--home", home]);
      if (target.endsWith(".tar")) expect(existsSync(place)).toBe(false);
      else if (existsSync(join(place, "moments"))) expect(readdirSync(join(place, "moments")).filter((name) => name.endsWith(".json"))).toEqual([]);
    }
    expect(await backUp(place)).toMatchObject({ code: 0 });
    expect(await json("backup", place, "--verify")).toMatchObject({ code: 0, data: { wrong: {} } });
    expect(making(place)).toEqual([]);
    const to = join(await temporaryFolder(), "restored");
    expect(await restoreTo(place, to)).toMatchObject({ code: 0 });
    await same(home, to);
  });

  test("a home that is half restored is no home, and is restored again from the beginning: kill -9 of the restore at each of its points", async () => {
    const place = join(await temporaryFolder(), target);
    expect(await backUp(place)).toMatchObject({ code: 0 });
    const to = join(await temporaryFolder(), "restored");
    for (const point of ["restoring.json", "artifacts", "predictions", "millrace.db"]) {
      const child = spawn(process.execPath, [program, "restore", place, "--home", to], { stdio: "ignore" });
      const exited = once(child, "exit");
      while (!existsSync(join(to, point)) && child.exitCode === null) await new Promise((resolve) => setImmediate(resolve));
      child.kill("SIGKILL");
      await exited;
      if (!existsSync(join(to, "restoring.json"))) break;
      const up = await millrace(["up", "--home", to, "--port", "0", "--gateway-port", "0"]);
      expect([up.code, up.err]).toEqual([5, expect.stringMatching(/was not restored to the end; run `millrace restore` with it again/)]);
    }
    if (existsSync(join(to, "restoring.json"))) expect(await restoreTo(place, to)).toMatchObject({ code: 0 });
    await same(home, to);
  });

  test("what has rotted in the backup is told when it is verified, and never restored for whole", async () => {
    const place = join(await temporaryFolder(), target);
    const { data } = await backUp(place);
    if (target.endsWith(".tar")) await flip(place);
    else for (const name of await readdir(join(place, "contents"))) if (name !== "tmp") await flip(join(place, "contents", name, (await readdir(join(place, "contents", name)))[0]));
    const verified = await json("backup", place, "--verify");
    expect([verified.code, Object.keys(verified.data.wrong ?? {})]).toEqual([3, [data.id]]);
    const to = join(await temporaryFolder(), "restored");
    expect(await restoreTo(place, to)).toMatchObject({ code: 1, data: { error: { code: "maintenance.backup_damaged" } } });
    expect((await millrace(["up", "--home", to])).code).toBe(5);
  });
});

const making = (place: string): string[] => readdirSync(join(place, "..")).filter((name) => name.includes(".making-"));

describe("moments in one folder", () => {
  test("share what is the same, are chosen by time, and are forgotten by a rule", async () => {
    const own = join(await temporaryFolder(), "home");
    await cp(home, own, { recursive: true, preserveTimestamps: true });
    const place = join(await temporaryFolder(), "backups");
    const take = (...options: string[]) => json("backup", place, "--home", own, ...options);
    const first = await take();
    expect(first.data.newContents).toBeGreaterThan(5);
    const again = await take();
    // A journal is read each time; nothing else is.
    expect(again.data.newContents).toBe(1);
    const server = await startMillrace(own);
    await logRun(server.url, "between");
    const last = await take();
    const names = async (at: string): Promise<string[]> => {
      const to = join(await temporaryFolder(), "restored");
      expect(await restoreTo(place, to, "--at", at)).toMatchObject({ code: 0 });
      return rowsOf(to)["runs"].filter((row) => row.includes("between"));
    };
    expect(await names(first.data.id)).toEqual([]);
    expect(await names(again.data.id.replace(/T(\d\d)\.(\d\d)\./, "T$1:$2:"))).toEqual([]);
    expect(await names("2999-01-01")).toHaveLength(1);
    expect(await restoreTo(place, join(own, "x"), "--at", "2001-01-01")).toMatchObject({ code: 4 });
    expect(await restoreTo(place, join(own, "x"), "--at", "yesterday")).toMatchObject({ code: 2 });
    const kept = await take("--keep", "last=2");
    expect(kept.data.forgotten).toEqual([first.data.id, again.data.id]);
    expect((await json("backup", place, "--list")).data.backups.map(({ id }) => id)).toEqual([last.data.id, kept.data.id]);
    expect(await json("backup", place, "--verify")).toMatchObject({ code: 0, data: { wrong: {} } });
    expect(await names(last.data.id)).toHaveLength(1);
    // Some fifteen processes, one after the other.
  }, 180_000);

  test("a list that is damaged hides no other moment, and nothing is swept for it", async () => {
    const place = join(await temporaryFolder(), "backups");
    const [first, second] = [await backUp(place), await backUp(place)];
    await flip(join(place, "moments", `${second.data.id}.json`));
    expect(await json("backup", place, "--verify")).toMatchObject({ code: 3, data: { wrong: { [second.data.id]: [expect.stringMatching(/^The list of the backup \S+ is damaged/)] } } });
    const to = join(await temporaryFolder(), "restored");
    expect(await restoreTo(place, to)).toMatchObject({ code: 1, data: { error: { code: "maintenance.backup_damaged" } } });
    expect(await restoreTo(place, to, "--at", first.data.id)).toMatchObject({ code: 0 });
    expect(await backUp(place, "--keep", "last=3")).toMatchObject({ code: 1, data: { error: { code: "maintenance.backup_damaged" } } });
  });

  test("an artifact that is damaged is left out and told; a backup that has it whole keeps it", async () => {
    const own = join(await temporaryFolder(), "home");
    await cp(home, own, { recursive: true, preserveTimestamps: true });
    const before = join(await temporaryFolder(), "before");
    expect(await json("backup", before, "--home", own)).toMatchObject({ code: 0 });
    const sha256 = createHash("sha256").update(lived.notes).digest("hex");
    const path = join(own, "artifacts", sha256.slice(0, 2), sha256.slice(2));
    await flip(path);
    const place = join(await temporaryFolder(), "backups");
    const made = await json("backup", place, "--home", own);
    expect([made.code, made.data.missing]).toEqual([3, [expect.stringMatching(new RegExp(`^the content ${sha256}, which files.sha256 names, is damaged: ${path} holds`))]]);
    expect(await restoreTo(place, join(await temporaryFolder(), "restored"))).toMatchObject({ code: 3 });
    expect(await json("backup", before, "--home", own)).toMatchObject({ code: 0, data: { missing: [] } });
    // And from there the doctor brings it back.
    expect((await millrace(["doctor", "--full", "--repair", "--from", before, "--home", own])).out).toMatch(/repaired artifacts: artifact "notes\.txt"/);
    await whole(own);
  });

  test("a database that is damaged is not backed up for whole", async () => {
    const own = join(await temporaryFolder(), "home");
    await cp(home, own, { recursive: true, preserveTimestamps: true });
    const file = await open(join(own, "millrace.db"), "r+");
    await file.write(Buffer.alloc(8192, 0xa5), 0, 8192, 8192);
    await file.close();
    const place = join(await temporaryFolder(), "backups");
    const made = await json("backup", place, "--home", own);
    expect(made).toMatchObject({ code: 5, data: { error: { code: "storage.database_damaged" } } });
    expect((await json("backup", place, "--list")).data.backups).toEqual([]);
  });

  test("what is no place for a backup or a home is refused", async () => {
    const other = await temporaryFolder();
    await writeFile(join(other, "letters"), "mine");
    expect(await backUp(other)).toMatchObject({ code: 5, data: { error: { code: "maintenance.bad_backup_place" } } });
    expect(await restoreTo(other, join(other, "x"))).toMatchObject({ code: 4 });
    expect(await backUp(join(other, "absent"), "--list")).toMatchObject({ code: 4 });
    const place = join(other, "backups");
    await backUp(place);
    expect(await restoreTo(place, home)).toMatchObject({ code: 5, data: { error: { code: "maintenance.home_not_empty" } } });
    await startMillrace(home);
    expect(await restoreTo(place, home)).toMatchObject({ code: 5, data: { error: { code: "maintenance.home_in_use" } } });
    await killGatewayOf(home);
  });
});

test("under writers: what was acknowledged before is in the backup, what is in it is whole, and a quiet one is the same row by row", { timeout: 120_000 }, async () => {
  const own = join(await temporaryFolder(), "home");
  await cp(home, own, { recursive: true, preserveTimestamps: true });
  const server = await startMillrace(own);
  const acknowledged: { run: string; content: string }[] = [];
  let writing = true;
  const writer = async (number: number): Promise<void> => {
    for (let at = 0; writing; at++) {
      const run = await logRun(server.url, `w${number}-${at}`);
      const content = `artifact ${number} ${at} `.repeat(200 + at);
      const put = await fetch(`${server.url}/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/a.txt`, { method: "PUT", body: content });
      if (put.ok) acknowledged.push({ run, content });
    }
  };
  const predicting = async (): Promise<void> => {
    while (writing) await predict(server.url, 5);
  };
  const work = [...Array.from({ length: 6 }, (_, number) => writer(number)), predicting()];
  const place = join(await temporaryFolder(), "backups");
  const moments: { id: string; before: number }[] = [];
  while (acknowledged.length < 50) await new Promise((resolve) => setImmediate(resolve));
  for (let round = 0; round < 3; round++) {
    const before = acknowledged.length;
    const { code, data } = await json("backup", place, "--home", own);
    expect([code, data.missing]).toEqual([0, []]);
    moments.push({ id: data.id, before });
  }
  writing = false;
  await Promise.all(work);
  for (const { id, before } of moments) {
    const to = join(await temporaryFolder(), "restored");
    expect(await restoreTo(place, to, "--at", id)).toMatchObject({ code: 0 });
    await whole(to);
    const rows = rowsOf(to);
    const [now, files] = [rowsOf(own), new Set(rows["files"])];
    // Nothing is in it that was not written.
    for (const table of ["files", "audit_log", "params"]) expect(rows[table].filter((row) => !now[table].includes(row))).toEqual([]);
    for (const { run, content } of acknowledged.slice(0, before)) {
      const sha256 = createHash("sha256").update(content).digest("hex");
      expect([...files].some((row) => row.includes(run) && row.includes(sha256))).toBe(true);
    }
  }
  server.child.kill("SIGTERM");
  await server.exited;
  const { data } = await json("backup", place, "--home", own);
  const to = join(await temporaryFolder(), "restored");
  expect(await restoreTo(place, to, "--at", data.id)).toMatchObject({ code: 0 });
  await same(own, to);
});

test("a server backs its home up by itself, and the doctor says when it could not", async () => {
  const own = join(await temporaryFolder(), "home");
  await cp(home, own, { recursive: true, preserveTimestamps: true });
  const place = join(await temporaryFolder(), "backups");
  const server = await startMillrace(own, { env: { MILLRACE_BACKUP: place, MILLRACE_BACKUP_EVERY: "1h" } });
  await expect.poll(() => existsSync(join(own, "run", "backup.json")), { timeout: 30_000, interval: 20 }).toBe(true);
  expect((await json("backup", place, "--list")).data.backups).toHaveLength(1);
  const to = join(await temporaryFolder(), "restored");
  expect(await restoreTo(place, to)).toMatchObject({ code: 0 });
  await whole(to);
  expect((await millrace(["doctor", "--home", own])).out).toMatch(/is whole\.\nLooked at .*1 backups/);
  server.child.kill("SIGTERM");
  await server.exited;
  await rm(join(own, "run", "backup.json"));
  const file = join(own, "letters");
  await writeFile(file, "no folder");
  await startMillrace(own, { env: { MILLRACE_BACKUP: file } });
  await expect.poll(() => existsSync(join(own, "run", "backup.json")), { timeout: 30_000, interval: 20 }).toBe(true);
  expect(await millrace(["doctor", "--home", own])).toMatchObject({ code: 3, out: expect.stringMatching(/error backup: The server could not back the home up whole: error \S+letters cannot be used for backups/) as string });
});
