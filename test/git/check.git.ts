import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { checkJunit, checkMarkdown, type Checked } from "../../src/commands/check-report.ts";
import { openRepository } from "../../src/pipelines/triggers/fixtures/git-repository.ts";
import { program } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** No single column gives the target away. */
const cells = (row: number): number[] => [7919, 104_729, 1_299_709].map((prime) => ((row + 1) * prime) % 101);
const csv = `a,b,c,y\n${Array.from({ length: 400 }, (_, row) => [...cells(row), cells(row).reduce((sum, cell) => sum + cell, (row * 31) % 17)].join(",")).join("\n")}\n`;
const project = (iterations: number): string => `model: prices\ndata: { source: table.csv, target: y, split: { by: random, test: 0.3 } }\ntrain: { algorithm: gradient-boosting, params: { iterations: ${iterations}, early_stopping_rounds: null } }\n`;

/** Runs `millrace check` in a folder; what it printed, and its exit code. */
async function check(folder: string, ...args: string[]): Promise<{ readonly code: number; readonly data: Checked & { error?: { code: string; message: string } | null } }> {
  const home = join(await temporaryFolder(), "home");
  const env = { ...process.env, MILLRACE_PORT: "0", MILLRACE_GATEWAY_PORT: "0" };
  const done = await promisify(execFile)(process.execPath, [program, "check", "--json", "--home", home, ...args], { cwd: folder, env }).catch((error: { code: number; stdout: string }) => error);
  return { code: "code" in done ? done.code : 0, data: JSON.parse(done.stdout) as Checked };
}

test("a model that is worse than that of another commit is refused, with the reason in every report", { timeout: 120_000 }, async () => {
  const { path } = await openRepository({ "millrace.yaml": project(40), "table.csv": csv });
  await writeFile(join(path, "millrace.yaml"), project(2));
  const { code, data } = await check(path, "--against", "main", "--report", "report");
  expect([code, data.passed, data.rows]).toEqual([3, false, expect.any(Number)]);
  const reason = data.checks.find(({ passed }) => !passed)!.reason;
  expect(reason).toMatch(/^rmse [\d.]+ against [\d.]+ of the base; the base's minus this model's is -.*, so this model is worse$/);
  const [html, markdown, junit] = await Promise.all(["check.html", "check.md", "check.xml"].map((name) => readFile(join(path, "report", name), "utf8")));
  expect(html).toContain("The gate refuses it");
  expect(html).toContain(reason);
  expect(html).not.toMatch(/<script|src=|href=/);
  expect(markdown).toContain("### ❌ prices: the gate refuses it");
  expect(markdown).toMatch(/\| metric \| this model \(95 % interval\) \| naive \| main \|/);
  expect(junit).toContain('tests="2" failures="1" errors="0"');
  // The working tree and the repository are as they were.
  const { stdout } = await promisify(execFile)("git", ["-C", path, "worktree", "list"]);
  expect(stdout.trim().split("\n")).toHaveLength(1);
});

test("a model that is as good passes, with the table of this folder where the commit has none", { timeout: 120_000 }, async () => {
  const { path } = await openRepository({ "millrace.yaml": project(20) });
  await writeFile(join(path, "table.csv"), csv);
  const { code, data } = await check(path, "--against", "HEAD");
  expect([code, data.passed, data.champion?.name]).toEqual([0, true, "the base"]);
  expect(data.champion?.difference).toEqual({ value: 0, low: 0, high: 0 });
});

test("what is wrong with the project or the commit is said as by a run, with its exit code", { timeout: 120_000 }, async () => {
  const { path } = await openRepository({ "millrace.yaml": project(20).replace("target: y", "target: z"), "table.csv": csv });
  const wrong = await check(path, "--report", "report");
  expect([wrong.code, wrong.data.error?.message]).toEqual([2, expect.stringContaining("z")]);
  expect(await readFile(join(path, "report", "check.xml"), "utf8")).toMatch(/errors="1"[^]*<error type="data\./);
  const gone = await check(path, "--against", "no-such-branch");
  expect([gone.code, gone.data.error?.code]).toEqual([4, "commands.commit_not_found"]);
});

test("names from people's tables are no markup in the reports", () => {
  const found: Checked = { model: 'a<b>|"c"', run: "r", against: null, passed: false, checks: [{ name: "x & y", passed: false, reason: "is | <worse>\u0001" }], rows: 3, metrics: {}, naive: {}, champion: null, error: null };
  expect(checkMarkdown(found)).toContain("a\\<b\\>\\|");
  expect(checkMarkdown(found)).toContain("is \\| \\<worse\\>");
  expect(checkJunit(found)).toContain('<testcase classname="a&lt;b&gt;|&quot;c&quot;" name="x &amp; y"><failure type="gate" message="is | &lt;worse&gt;�"/></testcase>');
});
