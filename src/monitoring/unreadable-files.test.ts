import { copyFile, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { House } from "../stage.ts";
import { collectFeedback } from "./feedback.ts";
import { logPredictions, monitor, openMonitoredHouse } from "./fixtures/open-monitored-house.ts";
import { addLabels } from "./labels.ts";
import { matchLabels } from "./match-labels.ts";
import { errorWindows, evaluateErrors } from "./monitoring.ts";
import { labelledPredictions } from "./prediction-log.ts";
import { unreadableFiles } from "./unreadable-files.ts";
import { unreadableText } from "./unreadable-text.ts";

const dayMs = 86_400_000;
const start = Date.UTC(2011, 0, 1);
const config = monitor();

/** 24 requests of a day, each with its label a day later, off by one. */
async function logDay(house: House, day: number, name: string): Promise<void> {
  const at = (start + day * dayMs) * 1000;
  await logPredictions(
    house,
    "bikes",
    new Date(start + day * dayMs).toISOString().slice(0, 10),
    name,
    `SELECT 'r-${day}-${name}-' || h AS request_id, 0::BIGINT AS row_index, make_timestamp(${at} + h * 3600000000) AS event_time, make_timestamp(${at} + h * 3600000000) AS received_at,
      false AS shadow, 'champion' AS variant, '1' AS version, 'ok' AS status, h::DOUBLE AS input_hour, h::DOUBLE AS output_prediction FROM range(24) t(h)`,
  );
  const labels = Array.from({ length: 24 }, (_, h) => ({ requestId: `r-${day}-${name}-${h}`, rowIndex: 0, value: String(h + 1), arrivedAt: start + (day + 1) * dayMs }));
  await addLabels(house.db, "bikes", labels);
}

const fileOf = (house: House, file: string): string => join(house.settings.home, "predictions", "bikes", file);
const labelledRows = async (house: House): Promise<number[]> => (await errorWindows(house.db, config, { variant: "served" })).map(({ sums }) => sums.n);

test.each<[string, (path: string) => Promise<void>]>([
  ["cut", async (path) => writeFile(path, (await readFile(path)).subarray(0, 300))],
  ["empty", (path) => writeFile(path, "")],
  ["no Parquet", (path) => writeFile(path, "these are no predictions, though they are as long as some are")],
  ["without its end", async (path) => writeFile(path, (await readFile(path)).subarray(0, -4))],
  ["a folder", async (path) => {
    await rm(path);
    await mkdir(path);
  }],
])("a file of the log that is %s is left out, named and counted; monitoring goes on, and takes it in again when it is whole", async (_, spoil) => {
  const house = await openMonitoredHouse();
  for (const [day, name] of [[0, "a"], [0, "b"], [1, "c"]] as const) await logDay(house, day, name);
  const path = fileOf(house, "2011-01-01/b.parquet");
  const copy = join(house.settings.home, "copy");
  await copyFile(path, copy);
  await spoil(path);
  const now = start + 3 * dayMs;
  await evaluateErrors(house, config, start, now);
  expect(await labelledRows(house)).toEqual([24, 24, 0]);
  expect(await labelledPredictions(house, "bikes", { from: start, until: now }, now)).toHaveLength(48);
  const feedback = { endpoint: "bikes", features: [{ name: "hour", type: "number" as const }], target: "cnt", regression: true, time: null, knownAt: now };
  expect((await collectFeedback(house, feedback)).rows).toBe(48);
  const left = await unreadableFiles(house, "bikes");
  expect(left.map(({ file }) => file)).toEqual(["2011-01-01/b.parquet"]);
  expect(unreadableText(left)).toMatch(/^1 file of the prediction log cannot be read, .*: 2011-01-01\/b\.parquet \(/);
  await rm(path, { recursive: true });
  await copyFile(copy, path);
  await evaluateErrors(house, config, start, now);
  expect(await labelledRows(house)).toEqual([48, 24, 0]);
  expect(await unreadableFiles(house, "bikes")).toEqual([]);
});

test("a file that is damaged after it was counted changes nothing of what was computed, and is told by who reads it next", async () => {
  const house = await openMonitoredHouse();
  await logDay(house, 0, "a");
  await logDay(house, 0, "b");
  await evaluateErrors(house, config, start, start + dayMs);
  expect(await labelledRows(house)).toEqual([48]);
  await writeFile(fileOf(house, "2011-01-01/a.parquet"), "");
  await evaluateErrors(house, config, start, start + dayMs);
  expect(await labelledRows(house)).toEqual([48]);
  expect(await labelledPredictions(house, "bikes", { from: start, until: start + dayMs }, start + dayMs)).toHaveLength(24);
  expect((await unreadableFiles(house, "bikes")).map(({ file }) => file)).toEqual(["2011-01-01/a.parquet"]);
});

test("a file where a day's folder should be is passed over", async () => {
  const house = await openMonitoredHouse();
  await logDay(house, 0, "a");
  await writeFile(fileOf(house, "2011-01-02"), "a stray file");
  await evaluateErrors(house, config, start, start + 2 * dayMs);
  expect(await labelledRows(house)).toEqual([24, 0]);
});

test.each(["runs/000000000001.run", "runs/2011-01-01.json", "repeats/attempts.parquet"])("an index whose %s cannot be read is made anew", async (file) => {
  const house = await openMonitoredHouse();
  await logDay(house, 0, "a");
  // The same requests once more, an hour later: retries, which the index keeps apart.
  const retries = `SELECT * REPLACE (event_time + INTERVAL 1 HOUR AS event_time, received_at + INTERVAL 1 HOUR AS received_at) FROM '${fileOf(house, "2011-01-01/a.parquet")}'`;
  await logPredictions(house, "bikes", "2011-01-01", "again", retries);
  await matchLabels(house, "bikes");
  await writeFile(join(house.settings.home, "prediction-index", "bikes", file), "[nothing");
  await logDay(house, 0, "b");
  await evaluateErrors(house, config, start, start + dayMs);
  expect(await labelledRows(house)).toEqual([48]);
  expect(await unreadableFiles(house, "bikes")).toEqual([]);
});

test("what fails for another reason fails", async () => {
  const house = await openMonitoredHouse();
  await logPredictions(house, "bikes", "2011-01-01", "a", "SELECT 1 AS strange");
  await expect(labelledPredictions(house, "bikes", { from: start, until: start + dayMs }, start)).rejects.toThrow(/event_time|request_id/);
  expect(await unreadableFiles(house, "bikes")).toEqual([]);
});
