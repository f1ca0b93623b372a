import { expect, test } from "vitest";
import { queryOne, withConnection } from "../../storage/duckdb.ts";
import { neighbours, slotOf, slotSql, type CycleName } from "./cycles.ts";

const at = (text: string): number => Date.parse(text);

test.each<[readonly CycleName[], string, number]>([
  [[], "2024-02-29T12:00:00Z", 0],
  [["hour"], "2024-02-29T23:59:59.999Z", 23],
  [["hour"], "1969-12-31T23:00:00Z", 23],
  // The first of January 1970 was a Thursday.
  [["weekday"], "2024-02-29T00:00:00Z", 0],
  [["weekday"], "2024-03-06T23:00:00Z", 6],
  [["hour_of_week"], "2024-03-01T05:30:00Z", 29],
  [["hour", "year"], "1970-01-20T07:00:00Z", 7 * 26 + 1],
])("the slot by %j of %s", (names, time, slot) => expect(slotOf(names, at(time))).toBe(slot));

test("the database finds the same slots", async () => {
  await withConnection(async (connection) => {
    for (const names of [["hour"], ["weekday"], ["hour_of_week"], ["year"], ["hour", "year"], ["weekday", "year"]] as const) {
      const times = Array.from({ length: 60 }, (_, i) => at("1969-11-01T00:00:00Z") + i * 37_123_456_789);
      const { slots } = await queryOne<{ slots: number[] }>(connection, `SELECT list(${slotSql(names, "t")}) AS slots FROM (SELECT unnest([${times.join(", ")}]::BIGINT[]) AS t)`);
      expect(slots.map(Number)).toEqual(times.map((time) => slotOf(names, time)));
    }
  });
});

test("a time of year is compared with the two weeks before and after, around the turn of the year, at the same hour", () => {
  expect(neighbours(["hour"], 5)).toEqual([5]);
  expect(neighbours(["hour", "year"], 3 * 26)).toEqual([78, 79, 103]);
  expect(neighbours(["hour", "year"], 3 * 26 + 25)).toEqual([103, 78, 102]);
});
