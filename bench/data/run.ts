/**
 * From a file to a served model with a table of a million rows and 20 columns, beside another checkout of this repository on the same machine.
 *
 *     node bin/run.js bench/data/run.ts [--before FOLDER] [--rows 1000000] [--rounds 1] [--json]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { makeTable } from "./make-table.ts";
import { measureBuild, type Figures } from "./measure-build.ts";

const { values } = parseArgs({ options: { before: { type: "string" }, rows: { type: "string", default: "1000000" }, rounds: { type: "string", default: "1" }, json: { type: "boolean", default: false } } });
const scratch = mkdtempSync(join(tmpdir(), "bench-data-"));
const median = (numbers: readonly number[]): number => numbers.toSorted((one, other) => one - other)[numbers.length >> 1];

try {
  const table = join(scratch, "bench.csv");
  await makeTable(table, Number(values.rows));
  const builds = [fileURLToPath(new URL("../..", import.meta.url)), ...(values.before === undefined ? [] : [resolve(values.before)])];
  const measured: Figures[][] = builds.map(() => []);
  for (let round = 0; round < Number(values.rounds); round++) for (const [at, build] of builds.entries()) measured[at].push(await measureBuild(build, table, scratch));
  const figure = (at: number, name: string): number => median(measured[at].map((figures) => figures.get(name) ?? 0));
  const cases = [...measured[0][0].keys()].map((name) => {
    const ours = figure(0, name);
    const peer = builds.length > 1 ? figure(1, name) : null;
    return { case: name, ours, peer, ratio: peer === null || peer === 0 ? null : ours / peer };
  });
  if (values.json) console.log(JSON.stringify(cases));
  else {
    console.log("| | before | now | now to before |\n|---|---|---|---|");
    const cell = (value: number | null, digits: number): string => (value === null ? "" : value.toFixed(digits));
    for (const { case: name, ours, peer, ratio } of cases) console.log(`| ${name}${name.endsWith("MB") ? "" : ", s"} | ${cell(peer, name.endsWith("MB") ? 0 : 1)} | ${cell(ours, name.endsWith("MB") ? 0 : 1)} | ${cell(ratio, 2)} |`);
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
