import { readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { House } from "../../stage.ts";
import { collectFeedback } from "../feedback.ts";
import { logPredictions, openMonitoredHouse } from "../fixtures/open-monitored-house.ts";
import { addLabels } from "../labels.ts";
import { matchLabels } from "../match-labels.ts";
import { unreadableFiles } from "../unreadable-files.ts";

const dayMs = 86_400_000;
const start = Date.UTC(2011, 0, 1);
const dateOf = (day: number): string => new Date(start + day * dayMs).toISOString().slice(0, 10);
const rowsOf = (day: number): string =>
  `SELECT 'r-${day}-' || h AS request_id, 0::BIGINT AS row_index, make_timestamp(${(start + day * dayMs) * 1000} + h * 3600000000) AS event_time, make_timestamp(${start * 1000} + ${day}) AS received_at,
    false AS shadow, 'champion' AS variant, '1' AS version, 'ok' AS status, h::DOUBLE AS input_hour, ${day % 3 === 0 ? "'sun' AS input_sky, " : ""}h::DOUBLE AS output_prediction FROM range(2) t(h)`;

/** A log of two requests a day, in a file for each day or in one for all of them, with their labels. */
async function houseOf(days: number, perDay: boolean): Promise<House> {
  const house = await openMonitoredHouse();
  const all = Array.from({ length: days }, (_, day) => day);
  if (perDay) for (const day of all) await logPredictions(house, "bikes", dateOf(day), "a", rowsOf(day));
  else await logPredictions(house, "bikes", dateOf(0), "a", all.map(rowsOf).join(" UNION ALL BY NAME "));
  await addLabels(house.db, "bikes", all.flatMap((day) => [0, 1].map((h) => ({ requestId: `r-${day}-${h}`, rowIndex: 0, value: String(day + h / 4), arrivedAt: start + (day + 1) * dayMs }))));
  await matchLabels(house, "bikes");
  return house;
}

const features = [{ name: "hour", type: "number" as const }, { name: "sky", type: "category" as const }];
const feedback = (house: House, days: number) => collectFeedback(house, { endpoint: "bikes", features, target: "cnt", regression: true, time: null, knownAt: start + days * dayMs });
const folds = async (house: House): Promise<string[]> => {
  const names: string[] = await readdir(join(house.settings.home, "prediction-index", "bikes", "folds")).catch(() => []);
  return names.toSorted();
};
const fileOf = (house: House, day: number): string => join(house.settings.home, "predictions", "bikes", dateOf(day), "a.parquet");

test("labelled rows out of folds are those out of the files, to the last byte", async () => {
  const [house, plain] = [await houseOf(59, true), await houseOf(59, false)];
  const expected = await feedback(plain, 60);
  expect(expected.rows).toBe(118);
  expect(await folds(plain)).toEqual([]);
  for (const _ of ["folding", "folded"]) expect(await feedback(house, 60)).toEqual(expected);
  expect(await folds(house)).toEqual(["2011-01.json", "2011-01.parquet", "2011-02.json", "2011-02.parquet"]);
  // At an earlier time a fold holds more than is asked for.
  expect((await feedback(house, 40)).rows).toBe(80);
});

test("what comes later is read beside a fold, and folded when it is much", async () => {
  const house = await houseOf(59, true);
  await feedback(house, 59);
  const again = async (name: string) => {
    await logPredictions(house, "bikes", dateOf(3), name, `SELECT * REPLACE ('${name}' || request_id AS request_id) FROM (${rowsOf(3)})`);
    await addLabels(house.db, "bikes", [{ requestId: `${name}r-3-0`, rowIndex: 0, value: "3", arrivedAt: start }]);
    await matchLabels(house, "bikes");
  };
  await again("b");
  expect((await feedback(house, 60)).rows).toBe(119);
  for (let i = 0; i < 31; i++) await again(`c${i}`);
  expect((await feedback(house, 60)).rows).toBe(150);
  expect((await feedback(house, 60)).rows).toBe(150);
});

test("a file that has gone or cannot be read counts for nothing, though a fold holds what it was; a damaged fold is made anew", async () => {
  const house = await houseOf(59, true);
  await feedback(house, 59);
  await rm(fileOf(house, 7));
  expect((await feedback(house, 60)).rows).toBe(116);
  await writeFile(fileOf(house, 40), "damaged");
  expect((await feedback(house, 60)).rows).toBe(114);
  expect((await unreadableFiles(house, "bikes")).map(({ file }) => file)).toEqual([`${dateOf(40)}/a.parquet`]);
  const [, fold] = await folds(house);
  await writeFile(join(house.settings.home, "prediction-index", "bikes", "folds", fold), "damaged");
  expect((await feedback(house, 60)).rows).toBe(114);
});
