import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { millrace, runProject, startMillrace } from "./running-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

test("a table whose year and month stand in columns of their own is ordered by them, and its rows are answered as they stand in the file", async () => {
  const folder = await temporaryFolder();
  const rows = Array.from({ length: 240 }, (_, at) => [1990 + Math.floor(at / 12), months[at % 12], (at * 7) % 11, (3 * (at % 12) + ((at * 7) % 11) + 0.1 * at).toFixed(2)].join(","));
  const csv = `year,month,size,sold\n${rows.join("\n")}\n`;
  await writeFile(join(folder, "sales.csv"), csv);
  const written = await millrace(["init", "sales.csv", "--yes", "--target", "sold"], { cwd: folder });
  expect([written.code, written.err]).toEqual([0, expect.stringContaining("date is a new column: the date that year, month are together")]);
  const file = join(folder, "millrace.yaml");
  expect(await readFile(file, "utf8")).toMatch(/time: date\n {2}dates:\n {4}date:\n {6}- year\n {6}- month\n/);

  const { url, gateway } = await startMillrace(join(folder, "home"));
  const run = await runProject(url, file, "first");
  expect([run.reason, run.state]).toEqual([null, "succeeded"]);
  const output = (id: string) => run.steps.find((step) => step.id === id)!.output!;
  // The last fifth of the months judge the model, and the date is no feature.
  expect(output("evaluate")["rows"]).toBe(48);
  expect((output("validate")["features"] as { name: string }[]).map(({ name }) => name)).toEqual(["year", "month", "size"]);

  const ask = async (type: string, body: string) => {
    const answer = await fetch(`${gateway}/invocations`, { method: "POST", headers: { "content-type": type }, body });
    return [answer.status, ((await answer.json()) as { predictions: number[] }).predictions, answer.headers.get("x-ignored-inputs")] as const;
  };
  const [status, asFile, left] = await ask("text/csv", csv);
  expect([status, asFile.length, left]).toEqual([200, 240, "sold"]);
  const [split, byName, date] = await ask("application/json", JSON.stringify({ dataframe_split: { columns: ["size", "month", "date", "year"], data: [[3, "Mar", "1990-03-01", 1990], [10, "Apr", null, 1990]] } }));
  expect([split, byName, date]).toEqual([200, asFile.slice(2, 4), "date"]);
});
