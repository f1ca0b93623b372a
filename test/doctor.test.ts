import { chmod, cp, mkdtemp, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Report } from "../src/maintenance/types.ts";
import { makeHome, type LivedIn } from "./lived-in-home.ts";
import { millrace, startMillrace } from "./running-server.ts";

let folder = "";
let home = "";
let lived: LivedIn;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-doctor-"));
  ({ home, ...lived } = await makeHome(folder, { atEnd: (end) => void ends.push(end) }));
  await cp(home, join(folder, "whole"), { recursive: true, preserveTimestamps: true });
}, 120_000);

afterAll(async () => {
  for (const end of ends) await end();
  await rm(folder, { recursive: true, force: true });
});

/** The home as it was when it was whole, in its place: the gateway's configuration holds paths. */
async function fresh(): Promise<void> {
  await rm(home, { recursive: true, force: true });
  await cp(join(folder, "whole"), home, { recursive: true, preserveTimestamps: true });
}

async function doctor(...options: string[]): Promise<{ code: number; report: Report }> {
  const { code, out, err } = await millrace(["doctor", "--home", home, "--json", ...options]);
  expect(err).toBe("");
  return { code, report: JSON.parse(out) as Report };
}

/** Every file below a folder of the home whose path fits. */
async function files(within: string, fits: RegExp): Promise<string[]> {
  return (await readdir(join(home, within), { recursive: true })).map((name) => join(home, within, name)).filter((path) => fits.test(path)).toSorted();
}

const contentOf = async (text: string): Promise<string> => {
  for (const path of await files("artifacts", /\/[0-9a-f]{62}$/)) if ((await readFile(path, "utf8")) === text) return path;
  throw new Error("the artifact is not there");
};

type Spoil = (path: string) => Promise<void>;

const flip: Spoil = async (path) => {
  const content = await readFile(path);
  content[content.length >> 1] ^= 4;
  await writeFile(path, content);
};
const cut: Spoil = async (path) => {
  const file = await open(path, "r+");
  await file.truncate((await stat(path)).size >> 1);
  await file.close();
};
const empty: Spoil = (path) => writeFile(path, "");
const remove: Spoil = (path) => rm(path);

/** SQLite's pages of the table `runs`, which the database reads for every list: their cells are overwritten. */
async function breakPage(): Promise<void> {
  const { DatabaseSync } = await import("node:sqlite");
  const file = join(home, "millrace.db");
  const db = new DatabaseSync(file);
  db.exec("pragma wal_checkpoint(truncate)");
  const { rootpage } = db.prepare("select rootpage from sqlite_master where name = 'params'").get() as { rootpage: number };
  const { page_size: size } = db.prepare("pragma page_size").get() as { page_size: number };
  db.close();
  const handle = await open(file, "r+");
  await handle.write(Buffer.alloc(100, 0xa5), 0, 100, (rootpage - 1) * size);
  await handle.close();
}

describe("a home that is whole", () => {
  test("is told to be, stopped and running, and nothing in it is changed", async () => {
    await fresh();
    const stopped = await doctor("--full");
    expect(stopped).toMatchObject({ code: 0, report: { whole: true, findings: [], running: null, full: true } });
    expect(stopped.report.checked).toMatchObject({ artifacts: expect.any(Number) as number, "files of the prediction log": 1, journals: 1, "model files of the gateway": 1 });
    const server = await startMillrace(home);
    const running = await doctor("--full");
    expect(running).toMatchObject({ code: 0, report: { whole: true, findings: [], running: server.child.pid, checked: { "endpoints served": 1 } } });
  });

  test("is told in words, with how deep the look was", async () => {
    await fresh();
    const { code, out } = await millrace(["doctor", "--home", home]);
    expect([code, out]).toEqual([0, expect.stringMatching(/is whole\.\nLooked at \d+ database pages, \d+ artifacts, .*no server runs on it\.\nA quick look: --full reads/)]);
  });
});

const artifact = (): Promise<string> => contentOf(lived.notes);
const parquet = async (): Promise<string> => (await files("predictions", /\.parquet$/))[0];
const journal = async (): Promise<string> => (await files("gateway/journals", /\.rows$/))[0];
const model = async (): Promise<string> => (await files("gateway/models", /\.onnx$/))[0];

const faults: [string, () => Promise<string>, Spoil, "quick" | "full", string, RegExp][] = [
  ["an artifact with a bit turned", artifact, flip, "full", "artifacts", /^artifact "notes\.txt" of \S+ is damaged: it holds \d+ bytes whose SHA-256 is/],
  ["an artifact that is cut", artifact, cut, "full", "artifacts", /^artifact "notes\.txt" of \S+ is damaged: it holds 1250 bytes/],
  ["an artifact that is empty", artifact, empty, "quick", "artifacts", /^artifact "notes\.txt" of \S+ is damaged: it is empty/],
  ["an artifact that is gone", artifact, remove, "quick", "artifacts", /^artifact "notes\.txt" of \S+ is gone/],
  ["a log file with a bit turned", parquet, flip, "full", "predictions", /^A file of the prediction log of world cannot be read/],
  ["a log file that is cut", parquet, cut, "quick", "predictions", /^A file of the prediction log of world cannot be read/],
  ["a log file that is empty", parquet, empty, "quick", "predictions", /^A file of the prediction log of world cannot be read/],
  ["a journal with a bit turned", journal, flip, "quick", "journals", /^A journal of the prediction log is damaged: \d+ of its \d+ rows are lost/],
  ["a journal that is cut", journal, cut, "quick", "journals", /^A journal of the prediction log is damaged/],
  ["a gateway's model that is gone", model, remove, "quick", "gateway", /^A model file that the gateway opens is not what was deployed: it cannot be read/],
  ["a gateway's configuration that is cut", async () => join(home, "gateway", "config.json"), cut, "quick", "gateway", /^The gateway configuration \S+ is not JSON/],
  ["a database that is cut", async () => join(home, "millrace.db"), cut, "quick", "database", /^The database is damaged|^The database cannot be read|is damaged/],
  ["a database that is empty", async () => join(home, "millrace.db"), empty, "quick", "database", /no such table|is damaged|is not there/],
  ["a database that is gone", async () => join(home, "millrace.db"), remove, "quick", "database", /^The database is not there/],
];

describe("what is wrong is told: what, where, what to do, and whether it is safe to repair", () => {
  test.each(faults)("%s", async (_, find, spoil, depth, check, what) => {
    await fresh();
    const path = await find();
    await spoil(path);
    const { code, report } = await doctor(...(depth === "full" ? ["--full"] : []));
    expect(code).toBe(3);
    const found = report.findings.find((finding) => finding.check === check && what.test(finding.what));
    expect(found, JSON.stringify(report.findings)).toMatchObject({ severity: "error", todo: expect.stringMatching(/\S+ \S+/) as string });
    expect(found!.where).toContain(check === "artifacts" || check === "database" ? path.slice(-20) : path);
  });

  test("two artifacts that have changed places", async () => {
    await fresh();
    const [one, other] = (await files("artifacts", /\/[0-9a-f]{62}$/)).slice(0, 2);
    await rename(one, `${one}.aside`);
    await rename(other, one);
    await rename(`${one}.aside`, other);
    const { code, report } = await doctor("--full");
    expect(code).toBe(3);
    expect(report.findings.filter(({ check }) => check === "artifacts").map(({ where }) => where).toSorted()).toEqual([one, other]);
  });

  test("a broken page of the database, and a journal of SQLite's beside it", async () => {
    await fresh();
    await breakPage();
    for (const options of [[], ["--full"]]) {
      const { code, report } = await doctor(...options);
      expect([code, report.findings.filter(({ check }) => check === "database").map(({ what }) => what)]).toEqual([3, expect.arrayContaining([expect.stringMatching(/damaged/)])]);
    }
  });

  test("sums of a metric history that do not say what its points say: told, marked, and made anew by the next server", { timeout: 240_000 }, async () => {
    await fresh();
    const { DatabaseSync } = await import("node:sqlite");
    const onDatabase = <T>(work: (db: InstanceType<typeof DatabaseSync>) => T): T => {
      const db = new DatabaseSync(join(home, "millrace.db"));
      try {
        return work(db);
      } finally {
        db.close();
      }
    };
    const first = await startMillrace(home);
    for (let part = 0; part < 8; part++) {
      const metrics = Array.from({ length: 1000 }, (_, at) => ({ key: "loss", value: part * 1000 + at, step: part * 1000 + at, timestamp: at }));
      const answer = await fetch(`${first.url}/api/2.0/mlflow/runs/log-batch`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ run_id: lived.run, metrics }) });
      expect(answer.status).toBe(200);
    }
    const greatest = async (url: string): Promise<number | undefined> => {
      const { metrics } = (await (await fetch(`${url}/api/tracking/runs/${lived.run}/metrics`)).json()) as { metrics: { key: string; max: { value: number } | null }[] };
      return metrics.find(({ key }) => key === "loss")?.max?.value;
    };
    const summed = () => onDatabase((db) => db.prepare("select count(*) as sums, sum(stale) as stale from metric_sums").get() as { sums: number; stale: number });
    await expect.poll(() => summed().sums, { timeout: 20_000 }).toBeGreaterThan(20);
    first.child.kill("SIGTERM");
    await first.exited;
    expect((await doctor("--full")).report).toMatchObject({ whole: true, checked: { "sums of metric histories": summed().sums } });

    onDatabase((db) => db.exec("update metric_sums set high = 123456 where from_step = 1280"));
    expect((await doctor()).code).toBe(0);
    const found = await doctor("--full");
    expect([found.code, found.report.findings]).toEqual([3, [expect.objectContaining({ check: "database", severity: "error", what: `Charts are wrong: 1 sums of metric histories do not say what their points say: metric loss of run ${lived.run}, step 1280 to step 1408: high is 123456, its points say 1407`, repair: expect.stringMatching(/made anew/) as string })]]);
    const wrong = await startMillrace(home);
    expect(await greatest(wrong.url)).toBe(123_456);
    const held = await doctor("--full", "--repair");
    expect([held.code, held.report.findings[0].repairFailed]).toEqual([3, expect.stringMatching(/stop it first: millrace down/)]);
    wrong.child.kill("SIGTERM");
    await wrong.exited;
    const repaired = await doctor("--full", "--repair");
    expect([repaired.code, repaired.report.findings[0].repaired, summed().stale]).toEqual([0, true, 1]);
    const server = await startMillrace(home);
    expect(await greatest(server.url)).toBe(7999);
    await expect.poll(() => summed().stale, { timeout: 20_000 }).toBe(0);
    expect((await doctor("--full")).report.findings).toEqual([]);
  });

  test("other users that may read, a clock that was set back, and uploads that were cut off", async () => {
    await fresh();
    const left = join(home, "artifacts", "tmp", "an-upload");
    await writeFile(left, "half of it");
    await utimes(left, 1e9, 1e9);
    await chmod(home, 0o755);
    const { DatabaseSync } = await import("node:sqlite");
    const db = new DatabaseSync(join(home, "millrace.db"));
    db.exec(`update schema_migrations set applied_at = ${Date.now() + 7_200_000} where name = 'storage/0001-audit-log'`);
    db.close();
    const { code, report } = await doctor();
    expect(code).toBe(3);
    expect(report.findings.map(({ check, severity, repair }) => [check, severity, repair !== null])).toEqual([
      ["artifacts", "warning", true],
      ["clock", "error", false],
      ["permissions", "warning", true],
    ]);
    expect(report.findings[1].what).toMatch(/ahead of this machine's clock .*it was set back/);
  });

  test("a deployment that is not what the gateway was told, and serves", async () => {
    await fresh();
    await startMillrace(home);
    const { DatabaseSync } = await import("node:sqlite");
    const db = new DatabaseSync(join(home, "millrace.db"));
    db.exec("update deployment_variants set version = 7; update serving_revision set revision = revision + 1");
    db.close();
    const { code, report } = await doctor();
    expect([code, report.findings.map(({ what }) => what)]).toEqual([3, [expect.stringMatching(/^The gateway was told revision 1 of the deployments, and revision 2 is deployed/), "world is deployed with champion 7, and the gateway serves champion 1"]]);
  });

  test("a model that is damaged in store and gateway: the gateway that cannot serve it is not ready, and is again when the artifact is back", async () => {
    await fresh();
    const path = await model();
    const artifactPath = join(home, "artifacts", basename(path).slice(0, 2), basename(path).slice(2, 64));
    const content = await readFile(artifactPath);
    for (const one of [path, artifactPath]) await flip(one);
    const server = await startMillrace(home);
    const ready = async (): Promise<number> => (await fetch(`${server.gateway}/v2/health/ready`)).status;
    expect(await ready()).toBe(503);
    expect((await fetch(`${server.gateway}/v2/health/live`)).status).toBe(200);
    const { code, report } = await doctor();
    expect([code, report.findings.map(({ what }) => what)]).toEqual([3, [expect.stringMatching(/^world is not served as it is deployed: .* is damaged/)]]);
    await writeFile(artifactPath, content);
    server.child.kill("SIGTERM");
    await server.exited;
    const again = await startMillrace(home);
    expect((await fetch(`${again.gateway}/v2/health/ready`)).status).toBe(200);
  });

  test("a home that is not there is no home", async () => {
    expect((await millrace(["doctor", "--home", join(folder, "absent")])).code).toBe(4);
  });
});

describe("what is safe is repaired, and the rest is left alone", () => {
  test("modes, a model of the gateway, an index; afterwards nothing is found", async () => {
    await fresh();
    await chmod(join(home, "artifacts"), 0o777);
    await rm(await model());
    await breakIndex();
    const before = await doctor("--full");
    expect(before.report.findings.map(({ check, repair }) => [check, repair !== null])).toEqual([["database", true], ["gateway", true], ["permissions", true]]);
    const repairing = await doctor("--full", "--repair");
    expect(repairing.code).toBe(0);
    expect(repairing.report.findings.map(({ repaired, repairFailed }) => [repaired, repairFailed])).toEqual(Array.from({ length: 3 }, () => [true, null]));
    expect((await doctor("--full")).report.findings).toEqual([]);
  });

  test("an index is left while a server has the home, and an artifact without a copy is left as it is", async () => {
    await fresh();
    const path = await artifact();
    await flip(path);
    const damaged = await readFile(path);
    await startMillrace(home);
    const { code, report } = await doctor("--full", "--repair");
    expect([code, report.findings.map(({ check, repaired, repair }) => [check, repaired, repair])]).toEqual([3, [["artifacts", false, null]]]);
    expect(await readFile(path)).toEqual(damaged);
  });
});

/** Takes a row out of an index and leaves it in its table, as a lost write does. */
async function breakIndex(): Promise<void> {
  const { DatabaseSync } = await import("node:sqlite");
  const file = join(home, "millrace.db");
  const db = new DatabaseSync(file);
  db.enableDefensive?.(false);
  db.exec("pragma wal_checkpoint(truncate)");
  const { rootpage, sql } = db.prepare("select rootpage, sql from sqlite_master where name = 'audit_log_object'").get() as { rootpage: number; sql: string };
  db.exec("pragma writable_schema = on");
  // The index is made of other rows than the table has, then called by its own name again.
  db.exec(`create table other as select * from audit_log where seq < 2; create index other_object on other (object)`);
  const other = db.prepare("select rootpage from sqlite_master where name = 'other_object'").get() as { rootpage: number };
  db.prepare("update sqlite_master set rootpage = ? where name = 'audit_log_object'").run(other.rootpage);
  db.prepare("update sqlite_master set rootpage = ? where name = 'other_object'").run(rootpage);
  db.exec("pragma writable_schema = reset");
  expect(sql).toMatch(/on "audit_log"/);
  db.close();
}
