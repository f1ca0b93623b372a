import { spawn } from "node:child_process";
import { createHash, randomFillSync } from "node:crypto";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { longRun } from "../tracking/seed.ts";

const program = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const mebibyte = 1 << 20;

/** Shares of the bytes of a home by the size of what is in it (bytes); the rest is its database. */
const kinds: readonly (readonly [share: number, size: number])[] = [[0.5, 64 * mebibyte], [0.3, 4 * mebibyte], [0.1, 100 << 10]];

/**
 * Makes a stopped home of about so many mebibytes: nine tenths artifacts that runs name (models of 64 MiB, files of 4 MiB and of 100 KiB), a tenth the database,
 * whose rows are points of one metric. Contents are random, so that nothing of them is the same.
 */
export async function makeHome(home: string, mebibytes: number): Promise<void> {
  await startedOnce(home);
  const db = new DatabaseSync(join(home, "millrace.db"));
  db.exec("pragma synchronous = off; begin");
  db.prepare("insert into runs (id, experiment_id, name, status, started_at, ended_at, lifecycle, user_id, artifact_uri) values (?, '0', 'long', 'finished', 1, 2, 'active', 'u', ?)").run(longRun, `mlflow-artifacts:/0/${longRun}/artifacts`);
  const file = db.prepare("insert into files (owner, path, sha256, size) values (?, ?, ?, ?)");
  for (const [share, size] of kinds) {
    for (let at = 0; at < Math.max(1, Math.round((share * mebibytes * mebibyte) / size)); at++) {
      const content = randomFillSync(Buffer.allocUnsafe(size));
      const sha256 = createHash("sha256").update(content).digest("hex");
      const folder = join(home, "artifacts", sha256.slice(0, 2));
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, sha256.slice(2)), content);
      file.run(longRun, `${size}/${at}`, sha256, size);
    }
  }
  const { id } = db.prepare("insert into metric_series (run_id, key) values (?, 'long') returning id").get(longRun) as { id: number };
  const point = db.prepare("insert into metric_points (series_id, step, time, value, kind) values (?, ?, ?, ?, 0)");
  // A point takes about 30 bytes.
  for (let step = 0; step < (mebibytes * mebibyte) / 10 / 30; step++) point.run(id, step, 1_700_000_000_000 + step, Math.sin(step / 1000));
  db.exec("commit; pragma wal_checkpoint(truncate)");
  db.close();
}

/** A server's first start makes the tables. */
async function startedOnce(home: string): Promise<void> {
  const child = spawn(process.execPath, [program, "up", "--json", "--home", home, "--port", "0", "--gateway-port", "0", "--log-level", "error"], { stdio: ["ignore", "pipe", "inherit"] });
  const exited = once(child, "exit");
  await Promise.race([once(createInterface(child.stdout), "line"), exited.then(() => Promise.reject(new Error("the server did not start")))]);
  child.kill("SIGTERM");
  await exited;
}
