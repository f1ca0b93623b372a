import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { House } from "../../stage.ts";
import { logPredictions, monitor, openMonitoredHouse } from "../fixtures/open-monitored-house.ts";
import { addLabels } from "../labels.ts";
import { readWindowRows } from "../log-files/window-rows.ts";
import { matchLabels } from "../match-labels.ts";
import { isAnswer } from "../prediction-log.ts";
import { computeBySql, computeWindow } from "./compute-window.ts";

const dayMs = 86_400_000;
const start = Date.UTC(2011, 0, 1);
const window = { from: start, until: start + dayMs };
const config = monitor({ labelDelay: 0 });

interface Row {
  readonly id: string;
  readonly index: number;
  readonly digest: number;
  readonly hour: number;
  readonly received: number;
  readonly shadow: boolean;
  readonly variant: string;
  readonly version: number;
  readonly status: string;
  readonly value: number;
}

const rows = fc.record({
  id: fc.constantFrom("a", "b", "ä", "\u{1f600}", "\uffee"),
  index: fc.constantFrom(0, 1),
  digest: fc.constantFrom(-8, 24),
  hour: fc.integer({ min: 0, max: 30 }),
  received: fc.integer({ min: 0, max: 5 }),
  shadow: fc.boolean(),
  variant: fc.constantFrom("champion", "challenger"),
  version: fc.constantFrom(2, 10),
  status: fc.constantFrom("ok", "ok", "ok", "failed"),
  value: fc.constantFrom(0.1, 0.7, -3.3, 1e9),
});

const selectOf = (row: Row, answer: string): string => `SELECT '${row.id}' AS request_id, ${row.index}::BIGINT AS row_index, ${row.digest}::BIGINT AS row_digest,
  make_timestamp(${(start + row.hour * 3_600_000) * 1000}::BIGINT) AS event_time, make_timestamp(${(start + row.hour * 3_600_000 + row.received) * 1000}::BIGINT) AS received_at,
  ${row.shadow} AS shadow, '${row.variant}' AS variant, '${row.version}' AS version, '${row.status}' AS status, ${answer}`;

const log = (house: House, day: number, name: string, all: readonly Row[], answer: (row: Row) => string) =>
  logPredictions(house, "bikes", new Date(start + day * dayMs).toISOString().slice(0, 10), name, all.map((row) => selectOf(row, answer(row))).join(" UNION ALL "));

test("what is read without a database is what the database says, sums to the last bit", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(rows, { minLength: 1, maxLength: 12 }), fc.array(rows, { minLength: 1, maxLength: 6 }), fc.array(rows, { maxLength: 12 }), async (one, other, labelled) => {
      const house = await openMonitoredHouse();
      // Rows that came at one time for the same request and values: which of them counts is nobody's to say.
      const of = (all: readonly Row[]): Row[] => [...new Map(all.map((row) => [`${row.id} ${row.index} ${row.hour} ${row.received} ${row.digest} ${row.variant} ${row.version}`, row])).values()];
      const [first, second] = [of(one), of(other).filter((row) => !one.some((known) => known.id === row.id && known.index === row.index && known.hour === row.hour))];
      await log(house, 0, "1", first, ({ value }) => `${value}::DOUBLE AS output_prediction`);
      if (second.length > 0) await log(house, 0, "2", second, ({ value }) => `${value}::DOUBLE AS output_prediction`);
      await addLabels(house.db, "bikes", labelled.map(({ id, index, hour, value }) => ({ requestId: id, rowIndex: index, value: String(value / 2), arrivedAt: start + hour * 3_600_000, observedAt: start })));
      await matchLabels(house, "bikes");
      expect((await readWindowRows(house, "bikes", window, isAnswer)).state).toBe("read");
      expect(await computeWindow(house, config, window, window.until)).toEqual(await computeBySql(house, config, window, window.until));
    }),
    { numRuns: 20 },
  );
});

test("classes that a version does not have are none of its own", async () => {
  const house = await openMonitoredHouse();
  const row = (id: string, version: number): Row => ({ id, index: 0, digest: 1, hour: 1, received: 0, shadow: false, variant: "champion", version, status: "ok", value: 0 });
  await log(house, 0, "1", [row("a", 1), row("b", 1)], ({ id }) => `${id === "a" ? 0.9 : 0.2}::DOUBLE AS output_probability_no, ${id === "a" ? 0.1 : 0.8}::DOUBLE AS output_probability_yes`);
  await log(house, 0, "2", [row("c", 2), row("d", 2)], ({ id }) => `${id === "c" ? 0.5 : 0.25}::DOUBLE AS output_probability_maybe, ${id === "c" ? 0.5 : 0.75}::DOUBLE AS output_probability_yes`);
  await addLabels(house.db, "bikes", [["a", "no"], ["b", "yes"], ["c", "yes"], ["d", "no"]].map(([requestId, value]) => ({ requestId, rowIndex: 0, value, arrivedAt: start, observedAt: start })));
  await matchLabels(house, "bikes");
  const classes = { ...config, task: "multiclass" as const };
  const parts = await computeWindow(house, classes, window, window.until);
  expect(parts).toEqual(await computeBySql(house, classes, window, window.until));
  expect(parts?.map(({ variant, version, sums }) => [variant, version, sums.n, sums.loss])).toEqual([
    ["champion", 1, 2, -Math.log(0.9) - Math.log(0.8)],
    ["champion", 2, 2, -Math.log(0.5) - Math.log(Number.EPSILON)],
    ["served", 0, 4, -Math.log(0.9) - Math.log(0.8) - Math.log(0.5) - Math.log(Number.EPSILON)],
  ]);
});

test("a file of another's writing is the database's to read", async () => {
  const house = await openMonitoredHouse();
  const row: Row = { id: "a", index: 0, digest: 1, hour: 1, received: 0, shadow: false, variant: "champion", version: 1, status: "ok", value: 0 };
  await logPredictions(house, "bikes", "2011-01-01", "1", selectOf(row, "5::DOUBLE AS output_prediction"), "other");
  await addLabels(house.db, "bikes", [{ requestId: "a", rowIndex: 0, value: "7", arrivedAt: start, observedAt: start }]);
  await matchLabels(house, "bikes");
  expect((await readWindowRows(house, "bikes", window, isAnswer)).state).toBe("elsewhere");
  expect(await computeWindow(house, config, window, window.until)).toMatchObject([{ variant: "champion", sums: { n: 1, loss: 4, signed: -2 } }, { variant: "served", sums: { n: 1, loss: 4 } }]);
});
