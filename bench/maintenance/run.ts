/**
 * What a backup costs beside the disk's own copy, and how little a second one costs, for this checkout and another, round by round in one run.
 *
 *     npm run bench:maintenance -- [--before CHECKOUT] [--mebibytes 1500] [--rounds 3] [--folder DIR]
 */
import { execFile, execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs, promisify } from "node:util";
import { makeHome } from "./make-home.ts";

const { values } = parseArgs({ options: { before: { type: "string" }, mebibytes: { type: "string", default: "1500" }, rounds: { type: "string", default: "3" }, folder: { type: "string", default: tmpdir() } } });
const run = promisify(execFile);
const folder = await mkdtemp(join(values.folder, "millrace-bench-"));
const home = join(folder, "home");
const builds = [...(values.before === undefined ? [] : [["before", resolve(values.before)]]), ["this", resolve(import.meta.dirname, "../..")]];

/** Seconds until it has ended and is on the disk. */
async function seconds(act: () => Promise<unknown>, place: string): Promise<number> {
  execFileSync("sync");
  const began = performance.now();
  await act();
  if (existsSync(place)) execFileSync("sync", ["-f", place]);
  return (performance.now() - began) / 1000;
}

const found = new Map<string, number[]>();
const note = (what: string, value: number): void => void found.set(what, [...(found.get(what) ?? []), value]);
const median = (all: readonly number[]): number => all.toSorted((one, other) => one - other)[all.length >> 1];

/** A change as small as life's: one more run. */
function change(round: number): void {
  const db = new DatabaseSync(join(home, "millrace.db"));
  db.prepare("insert into runs (id, experiment_id, name, status, started_at, ended_at, lifecycle, user_id, artifact_uri) values (?, '0', 'another', 'finished', 1, 2, 'active', 'u', 'x')").run(String(round).padStart(32, "0"));
  db.close();
}

try {
  console.error(`making a home of ${values.mebibytes} MiB …`);
  await makeHome(home, Number(values.mebibytes));
  await writeFile(join(folder, "warm"), "");
  let changes = 0;
  for (let round = 0; round < Number(values.rounds); round++) {
    console.error(`round ${round + 1} …`);
    const copy = join(folder, "copy");
    note("cp -r", await seconds(() => run("cp", ["-r", home, copy]), copy));
    await rm(copy, { recursive: true });
    for (const [name, root] of round % 2 === 0 ? builds : builds.toReversed()) {
      const millrace = (...args: string[]) => run(process.execPath, [join(root, "src/main.ts"), ...args]);
      const place = join(folder, "backups");
      note(`${name}: backup, the first`, await seconds(() => millrace("backup", place, "--home", home), place));
      change(changes++);
      note(`${name}: backup, a second, of one run more`, await seconds(() => millrace("backup", place, "--home", home), place));
      note(`${name}: backup, a third, of nothing more`, await seconds(() => millrace("backup", place, "--home", home), place));
      const restored = join(folder, "restored");
      note(`${name}: restore`, await seconds(() => millrace("restore", place, "--home", restored), restored));
      for (const path of [place, restored]) await rm(path, { recursive: true });
      const tar = join(folder, "backup.tar");
      note(`${name}: backup into a .tar`, await seconds(() => millrace("backup", tar, "--home", home), tar));
      await rm(tar);
    }
  }
  const copied = median(found.get("cp -r")!);
  console.log(`A home of ${values.mebibytes} MiB, its database ${((await stat(join(home, "millrace.db"))).size / 2 ** 20).toFixed(0)} MiB; medians of ${values.rounds} rounds, seconds, on the disk (sync).\n`);
  console.log("| | seconds | of cp's speed | of the first backup's time |\n|---|---|---|---|");
  for (const [what, all] of found) {
    const first = found.get(`${what.split(":")[0]}: backup, the first`);
    console.log(`| ${what} | ${median(all).toFixed(2)} (${all.map((one) => one.toFixed(2)).join(", ")}) | ${(copied / median(all)).toFixed(2)} | ${first ? `${((median(all) / median(first)) * 100).toFixed(1)} %` : ""} |`);
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
