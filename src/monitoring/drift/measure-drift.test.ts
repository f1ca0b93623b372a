import { expect, test } from "vitest";
import { writeDeployment } from "../../serving/store.ts";
import type { House } from "../../stage.ts";
import { logPredictions, monitor, openMonitoredHouse } from "../fixtures/open-monitored-house.ts";
import { driftReports, evaluateDrift, saveMonitor, saveReference } from "../monitoring.ts";
import type { FeatureReference, MonitorConfig, ReferenceProfile } from "../types.ts";
import { driftAlarm } from "./drift-alarm.ts";
import { referenceInTime } from "./reference-in-time.ts";

const day = 86_400_000;
const start = Date.UTC(2024, 0, 1);
const daily = monitor({ drift: { ...monitor().drift, share: 0.5 } });

async function watched(config: MonitorConfig, profile: ReferenceProfile): Promise<House> {
  const house = await openMonitoredHouse();
  await saveMonitor(house.db, config, 0);
  await saveReference(house.db, "bikes", 1, profile);
  await writeDeployment(house.db, { endpoint: "bikes", salt: "s", variants: [{ name: "champion", version: 1, weight: 1, shadow: false }], time: 0, actor: "test", reason: "test" });
  return house;
}

/** 240 rows of a span that begins `from` ms after the start, a row every `every` ms; `columns` is SQL over the row's number i and its time t, ms. */
const log = (from: number, every: number, columns: string): string => `
  SELECT 'r-${from}-' || i AS request_id, 0::BIGINT AS row_index, make_timestamp(t * 1000) AS event_time, now()::TIMESTAMP AS received_at, false AS shadow,
    'champion' AS variant, '1' AS version, 'ok' AS status, ${columns} FROM (SELECT i, (${start + from} + i * ${every})::BIGINT AS t FROM range(240) r(i))`;

const halves = (name: string, effect?: number): FeatureReference => ({ name, type: "number", edges: [1], shares: [0.5, 0.5], missing: 0, ...(effect !== undefined && { effect }) });

test.each<[string, readonly (number | undefined)[], number, boolean]>([
  ["one of three that makes most of what moves the answers", [0.8, 0.1, 0.1], 0.8, true],
  ["one of three that makes little of it", [0.1, 0.8, 0.1], 0.1, false],
  ["one that the model does not use", [0, 0.9, 0.1], 0, false],
  ["one of a model that uses nothing", [0, 0, 0], 0, false],
  ["one of three whose effects are not known", [undefined, undefined, undefined], 1 / 3, false],
])("a feature weighs what it does to the answers: %s", async (_, effects, share, alarms) => {
  const house = await watched(daily, { rows: 1000, features: ["a", "b", "c"].map((name, at) => halves(name, effects[at])), prediction: null });
  await logPredictions(house, "bikes", "2024-01-01", "a", log(0, 300_000, "2::DOUBLE AS input_a, (i % 2 * 2)::DOUBLE AS input_b, (i % 2 * 2)::DOUBLE AS input_c"));
  await evaluateDrift(house, daily, start, start + day);
  const [report] = await driftReports(house.db, "bikes");
  expect(report.features.map(({ drifted, effect }) => [drifted, effect])).toEqual(effects.map((effect, at) => [at === 0, effect]));
  expect([report.driftedShare, report.alarm]).toEqual([expect.closeTo(share, 12), alarms]);
  if (alarms) expect(driftAlarm(report).message).toMatch(/^1 of 3 features drifted in the window to 2024-01-02 \(psi ≥ 0\.2\): a [\d.]+, which make 80 % of what moves the answers$/);
});

test("what is missing of a feature that the model does not use raises no alarm, and is shown", async () => {
  for (const [effect, alarms] of [[0, false], [0.01, true]] as const) {
    const house = await watched(daily, { rows: 1000, features: [halves("a", effect), halves("b", 0.9)], prediction: null });
    await logPredictions(house, "bikes", "2024-01-01", "a", log(0, 300_000, "CASE WHEN i % 4 = 0 THEN NULL ELSE i % 2 * 2 END::DOUBLE AS input_a, (i % 2 * 2)::DOUBLE AS input_b"));
    expect((await evaluateDrift(house, daily, start, start + day)).length > 0).toBe(alarms);
    expect((await driftReports(house.db, "bikes"))[0].features[0]).toMatchObject({ missing: 0.25, gaps: alarms });
  }
});

test("a window of a night is compared with the nights of the reference, and a hot night is drift", async () => {
  const quarter = monitor({ drift: { ...monitor().drift, window: day / 4 } });
  // 28 days of a row every six minutes: cold at night (0 to 6), else warm.
  const times = Float64Array.from({ length: 28 * 240 }, (_, row) => start - 28 * day + row * 360_000);
  const temperature = times.map((time, row) => ((time / 3_600_000) % 24 < 6 ? 0 : 20) + ((row * 7) % 10));
  const profile: ReferenceProfile = { rows: times.length, features: [referenceInTime({ name: "temp", type: "number", values: temperature }, { times, window: day / 4, resolution: 1 })], prediction: null, span: { from: times[0], until: times.at(-1)! } };
  expect(profile.features[0].time).toMatchObject({ cycles: ["hour"], unsettled: null });
  const house = await watched(quarter, profile);
  await logPredictions(house, "bikes", "2024-01-01", "a", log(0, 90_000, "((i * 7) % 10)::DOUBLE AS input_temp"));
  await logPredictions(house, "bikes", "2024-01-02", "a", log(day, 90_000, "(20 + (i * 7) % 10)::DOUBLE AS input_temp"));
  await evaluateDrift(house, quarter, start, start + 2 * day);
  const [cold, hot] = await driftReports(house.db, "bikes");
  expect(cold.features[0]).toMatchObject({ drifted: false, cycles: ["hour"] });
  expect(cold.features[0].distance).toBeLessThan(0.1);
  expect(hot.features[0]).toMatchObject({ drifted: true, cycles: ["hour"] });
  expect(hot.reference).toEqual(profile.span);
});

test("what moves by itself in a reference of eight weeks is compared with the window before; values far outside are drift whatever was before", async () => {
  // A level that rises from day to day, with a spread of its own.
  const times = Float64Array.from({ length: 56 * 240 }, (_, row) => start - 56 * day + row * 360_000);
  const level = times.map((time, row) => Math.floor((time - start) / day) / 7 + ((row * 7) % 40) / 10);
  const profile: ReferenceProfile = { rows: times.length, features: [referenceInTime({ name: "level", type: "number", values: level }, { times, window: day, resolution: 1 })], prediction: null, span: { from: times[0], until: times.at(-1)! } };
  expect(profile.features[0].time?.unsettled).not.toBeNull();
  const house = await watched(daily, profile);
  const rises = "floor((t - 1704067200000) / 86400000) / 7 + (i * 7 % 40) / 10";
  for (const [n, value] of [rises, rises, rises, "-999"].entries()) await logPredictions(house, "bikes", `2024-01-0${n + 1}`, "a", log(n * day, 360_000, `(${value})::DOUBLE AS input_level`));
  await evaluateDrift(house, daily, start, start + 4 * day);
  const reports = await driftReports(house.db, "bikes");
  expect(reports.map(({ features: [one] }) => [one.unsettled, one.drifted, one.beyond ?? 0])).toEqual([[true, false, 0], [true, false, 0], [true, false, 0], [true, true, 1]]);
  expect(reports[2].features[0].distance).toBeGreaterThan(0.2);
  expect(reports[2].features[0].step).toBeLessThan(0.2);
  expect(driftAlarm(reports[3]).message).toMatch(/: level \(far outside of the reference in 100 % of the rows\)$/);
});
