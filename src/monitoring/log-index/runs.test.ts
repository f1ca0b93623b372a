import { copyFile, mkdir, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { House } from "../../stage.ts";
import { logPredictions, monitor, openMonitoredHouse } from "../fixtures/open-monitored-house.ts";
import { addLabels } from "../labels.ts";
import { matchLabels } from "../match-labels.ts";
import { errorWindows, evaluateErrors } from "../monitoring.ts";
import { findAttempts } from "./find-attempts.ts";

const dayMs = 86_400_000;
const start = Date.UTC(2011, 0, 1);

/** Two requests, on a day or again on another one, received in the order of `file`. */
async function log(house: House, day: number, file: number, requests: string): Promise<void> {
  const at = start + day * dayMs;
  await logPredictions(
    house,
    "bikes",
    new Date(at).toISOString().slice(0, 10),
    String(file),
    `SELECT '${requests}-' || i AS request_id, 0::BIGINT AS row_index, 7::BIGINT AS row_digest, make_timestamp(${at * 1000} + i) AS event_time, make_timestamp(${start * 1000} + ${file} * 1000) AS received_at,
      false AS shadow, 'champion' AS variant, '1' AS version, 'ok' AS status, 1::DOUBLE AS output_prediction FROM range(2) t(i)`,
  );
  await matchLabels(house, "bikes");
}

const indexOf = (house: House): string => join(house.settings.home, "prediction-index", "bikes", "runs");
const runs = async (house: House): Promise<string[]> => (await readdir(indexOf(house))).filter((name) => name.endsWith(".run")).toSorted();
const timesOf = async (house: House, requests: readonly string[]): Promise<number[][]> =>
  (await findAttempts(house, "bikes", requests.map((requestId) => ({ requestId, rowIndex: 0 })))).map((attempts) => attempts.map(({ eventTime }) => (eventTime - start) / dayMs));

test("the index of many days is a few files, in which every request is found", async () => {
  const house = await openMonitoredHouse();
  for (let day = 0; day < 70; day++) await log(house, day, day, `r${day}`);
  // One of 64 days, and six of a day.
  expect(await runs(house)).toHaveLength(7);
  expect(await timesOf(house, ["r0-0", "r7-0", "r63-0", "r69-0", "never"])).toEqual([[0], [7], [63], [69], []]);
  // A retry of the first day's requests is known for one.
  await log(house, 69, 70, "r0");
  expect(await timesOf(house, ["r0-0"])).toEqual([[0, 69]]);
  await addLabels(house.db, "bikes", [{ requestId: "r0-0", rowIndex: 0, value: "3", arrivedAt: start }]);
  const config = monitor();
  await evaluateErrors(house, config, start, start + 70 * dayMs);
  const windows = await errorWindows(house.db, config, { variant: "served" });
  expect([windows[0], windows[69]].map(({ predictions, sums }) => [predictions, sums.n])).toEqual([[2, 1], [2, 0]]);
});

test("an index of before there were runs is made anew", async () => {
  const house = await openMonitoredHouse();
  await mkdir(join(indexOf(house), ".."), { recursive: true });
  await writeFile(join(indexOf(house), "..", "2011-01-01.json"), '["0.parquet"]');
  await log(house, 0, 0, "r0");
  expect(await timesOf(house, ["r0-0", "r0-1"])).toEqual([[0], [0]]);
  expect(await readdir(join(indexOf(house), ".."))).toEqual(["runs"]);
});

test("a run that stayed after it was merged, since its server was killed, changes nothing", async () => {
  const house = await openMonitoredHouse();
  for (let day = 0; day < 7; day++) await log(house, day, day, `r${day}`);
  const [first] = await runs(house);
  const path = join(indexOf(house), first);
  await copyFile(path, `${path}.kept`);
  await log(house, 7, 7, "r7");
  await rename(`${path}.kept`, path);
  await log(house, 8, 8, "r0");
  expect(await timesOf(house, ["r0-0", "r1-0"])).toEqual([[0, 8], [1]]);
  for (let day = 9; day < 16; day++) await log(house, day, day, `r${day}`);
  expect(await timesOf(house, ["r0-0", "r1-0", "r15-0"])).toEqual([[0, 8], [1], [15]]);
});

test("a client that gives all its requests one id is no slower than others: each attempt is there once", async () => {
  const house = await openMonitoredHouse();
  const same = (day: number, count: number) =>
    logPredictions(house, "bikes", new Date(start + day * dayMs).toISOString().slice(0, 10), "a", `SELECT 'x' AS request_id, 0::BIGINT AS row_index, make_timestamp(${(start + day * dayMs) * 1000} + i * 1000) AS event_time, make_timestamp(${(start + day * dayMs) * 1000} + i * 1000) AS received_at, i AS row_digest,
      false AS shadow, 'champion' AS variant, '1' AS version, 'ok' AS status, i::DOUBLE AS input_hour, i::DOUBLE AS output_prediction FROM range(${count}) t(i)`);
  for (const day of [0, 1, 2]) {
    await same(day, 20_000);
    await matchLabels(house, "bikes");
  }
  const [times] = await timesOf(house, ["x"]);
  expect([times.length, times[0], new Set(times).size]).toEqual([60_000, 0, 60_000]);
});
