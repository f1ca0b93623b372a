import { expect, describe, test } from "vitest";
import { writeDeployment } from "../serving/store.ts";
import type { House } from "../stage.ts";
import { collectFeedback } from "./feedback.ts";
import { logPredictions, monitor, openMonitoredHouse } from "./fixtures/open-monitored-house.ts";
import { addLabels, readLabels, type Label } from "./labels.ts";
import { countMatched, matchLabels } from "./match-labels.ts";
import { driftAlarm } from "./drift/drift-alarm.ts";
import { labelledPredictions } from "./prediction-log.ts";
import { driftReports, errorWindows, evaluateDrift, evaluateErrors, performanceAlarm, readMonitor, saveMonitor, saveReference } from "./monitoring.ts";
import { monitoringTables } from "./store.ts";
import { computeWindow } from "./windows/compute-window.ts";
import type { ErrorSums, FeatureDrift, MonitorConfig, ReferenceProfile } from "./types.ts";

const dayMs = 86_400_000;
const start = Date.UTC(2011, 0, 1);

const label = (requestId: string, value: string, arrivedAt: number, rowIndex = 0): Label => ({ requestId, rowIndex, value, arrivedAt });

describe("labels", () => {
  test("a label that comes again replaces the former one, in the same delivery too", async () => {
    const { db } = await openMonitoredHouse();
    await addLabels(db, "bikes", [label("a", "1", 10), label("b", "2", 20), label("b", "3", 25, 1)]);
    await addLabels(db, "bikes", [label("a", "7", 30), label("b", "8", 40), label("b", "9", 41)]);
    await addLabels(db, "taxis", [label("a", "0", 1)]);
    expect(await readLabels(db, "bikes", { until: 100 })).toEqual([label("b", "3", 25, 1), label("a", "7", 30), label("b", "9", 41)].map((one) => ({ ...one, observedAt: one.arrivedAt, eventTime: null })));
  });

  test("only what had arrived by then is known", async () => {
    const { db } = await openMonitoredHouse();
    await addLabels(db, "bikes", Array.from({ length: 2500 }, (_, i) => label(`r${i}`, String(i), i)));
    expect((await readLabels(db, "bikes", { until: 2 })).map((one) => one.arrivedAt)).toEqual([0, 1, 2]);
  });
});

/** Requests of one day, one per hour, answered by version 1: the prediction is `prediction`, the hour is a feature. */
const hours = (day: number, prediction: string, more = "false AS shadow, 'champion' AS variant, '1' AS version"): string => `
  SELECT 'r-${day}-' || h AS request_id, 0::BIGINT AS row_index, make_timestamp(${(start + day * dayMs) * 1000} + h * 3600000000) AS event_time,
    make_timestamp(${(start + day * dayMs) * 1000} + h * 3600000000) AS received_at, ${more}, 'ok' AS status,
    h::DOUBLE AS input_hour, (${prediction})::DOUBLE AS output_prediction FROM range(24) t(h)`;

const countPredictions = async (house: House, endpoint: string, window: { from: number; until: number }) => (await computeWindow(house, monitor({ endpoint }), window, 0))?.[0].predictions;

const labelsOf = (day: number, value: (hour: number) => number): Label[] => Array.from({ length: 24 }, (_, h) => label(`r-${day}-${h}`, String(value(h)), start + (day + 1) * dayMs));

describe("labels and the predictions that they are of", () => {
  test("labels without a prediction wait for it, and count once it is there", async () => {
    const house = await openMonitoredHouse();
    await logPredictions(house, "bikes", "2011-01-01", "a", hours(0, "h"));
    const due = start + dayMs;
    await addLabels(house.db, "bikes", [...labelsOf(0, (h) => h).slice(0, 5), label("wrong-1", "1", due), label("r-1-3", "1", due + 7)]);
    expect(await countMatched(house, "bikes", due + 7)).toEqual({ labels: 7, matched: 0, waiting: 7, ambiguous: 0, waitingSince: due });
    expect(await matchLabels(house, "bikes")).toBe(5);
    expect(await countMatched(house, "bikes", due + 7)).toEqual({ labels: 7, matched: 5, waiting: 2, ambiguous: 0, waitingSince: due });
    await logPredictions(house, "bikes", "2011-01-02", "b", hours(1, "h"));
    expect(await matchLabels(house, "bikes")).toBe(1);
    // A label that is corrected is still of its prediction, a turn later.
    await addLabels(house.db, "bikes", [label("r-0-1", "9", due + 9)]);
    await matchLabels(house, "bikes");
    expect(await countMatched(house, "bikes", due + 9)).toMatchObject({ matched: 6, waiting: 1 });
    expect(await countMatched(house, "taxis", due)).toEqual({ labels: 0, matched: 0, waiting: 0, ambiguous: 0, waitingSince: null });
  });

  test("a label whose request id several requests have counts for none of them, unless it came before the second", async () => {
    const house = await openMonitoredHouse();
    // Two rows under one id with other inputs; another sent twice, as a retry; and one alone.
    const asked = (id: string, digest: number, at: number): string => `
      SELECT '${id}' AS request_id, 0::BIGINT AS row_index, make_timestamp(${(start + at * 60_000) * 1000}) AS event_time, make_timestamp(${(start + at * 60_000) * 1000}) AS received_at,
        false AS shadow, 'champion' AS variant, '1' AS version, 'ok' AS status, ${digest}::BIGINT AS row_digest, 1.0 AS input_hour, 5.0 AS output_prediction`;
    await logPredictions(house, "bikes", "2011-01-01", "a", [asked("1", 11, 0), asked("1", 12, 1), asked("retried", 13, 2), asked("retried", 13, 3), asked("alone", 14, 4)].join(" UNION ALL "));
    const due = start + dayMs;
    const send = async (...labels: Label[]) => {
      await addLabels(house.db, "bikes", labels);
      await matchLabels(house, "bikes");
      return { ...(await countMatched(house, "bikes", due + dayMs)), of: (await labelledPredictions(house, "bikes", { from: start, until: due }, due + dayMs)).map((one) => `${one.requestId} ${(one.eventTime - start) / 60_000}`) };
    };
    expect(await send(label("1", "9", due), label("retried", "9", due), label("alone", "9", due))).toEqual({ labels: 3, matched: 2, waiting: 0, ambiguous: 1, waitingSince: null, of: ["retried 2", "alone 4"] });
    const request = { endpoint: "bikes", features: [{ name: "hour", type: "number" as const }], target: "cnt", regression: true, time: null, knownAt: due + 10 };
    expect(await collectFeedback(house, request)).toMatchObject({ rows: 2 });
    // A request that happens later under an id whose label is known does not take it; a label that comes again may be of either.
    await logPredictions(house, "bikes", "2011-01-02", "b", asked("alone", 15, 24 * 60 + 1));
    expect(await send(label("late", "9", due))).toMatchObject({ matched: 2, of: ["retried 2", "alone 4"] });
    expect(await send(label("alone", "8", due + 60_000))).toMatchObject({ matched: 1, ambiguous: 2, of: ["retried 2"] });
  });

  test("a prediction of long ago is found when its label comes, and a label of long ago when its prediction comes", async () => {
    const house = await openMonitoredHouse();
    await logPredictions(house, "bikes", "2011-01-01", "a", hours(0, "h"));
    await addLabels(house.db, "bikes", [label("r-0-1", "1", start + 200 * dayMs)]);
    expect(await matchLabels(house, "bikes")).toBe(1);
    await addLabels(house.db, "bikes", [label("r-400-1", "1", start + 200 * dayMs)]);
    expect(await matchLabels(house, "bikes")).toBe(0);
    await logPredictions(house, "bikes", "2012-02-05", "a", hours(400, "h"));
    expect(await matchLabels(house, "bikes")).toBe(1);
  });
});

describe("live error", () => {
  test("windows are computed when their labels are due, once, for what was served and each variant", async () => {
    const house = await openMonitoredHouse();
    const config = monitor({ labelDelay: dayMs });
    await logPredictions(house, "bikes", "2011-01-01", "a", hours(0, "h"));
    await logPredictions(house, "bikes", "2011-01-01", "b", hours(0, "h + 2", "true AS shadow, 'challenger' AS variant, '2' AS version"));
    // A request that was sent again after a crash counts once, and an answer that failed does not count.
    await logPredictions(house, "bikes", "2011-01-01", "c", hours(0, "h"));
    await logPredictions(house, "bikes", "2011-01-01", "d", hours(0, "99").replace("'ok' AS status", "'error' AS status").replaceAll("'r-", "'failed-"));
    await addLabels(house.db, "bikes", labelsOf(0, (h) => h + 3).slice(0, 20));
    await evaluateErrors(house, config, start, start + 2 * dayMs - 1);
    expect(await errorWindows(house.db, config)).toEqual([]);
    await evaluateErrors(house, config, start, start + 2 * dayMs);
    const windows = await errorWindows(house.db, config);
    expect(windows.map((one) => [one.variant, one.version, one.predictions, one.sums.n, one.metrics["rmse"], one.metrics["bias"]])).toEqual([
      ["challenger", 2, 24, 20, 1, -1],
      ["champion", 1, 24, 20, 3, -3],
      ["served", 0, 24, 20, 3, -3],
    ]);
    await evaluateErrors(house, config, start, start + 2 * dayMs);
    expect(await errorWindows(house.db, config)).toEqual(windows);
  });

  test("requests of one id count once each where their rows differ, whether files have digests of them or not", async () => {
    const house = await openMonitoredHouse();
    const digest = (of: string, select: string) => `SELECT *, (${of})::BIGINT AS row_digest FROM (${select})`;
    const sameId = (name: string) => hours(0, "h").replace(/'r-0-' \|\| h AS/, `'${name}' AS`);
    await logPredictions(house, "bikes", "2011-01-01", "a", digest("input_hour", sameId("1")));
    await logPredictions(house, "bikes", "2011-01-01", "b", digest("-7", sameId("again")));
    expect(await countPredictions(house, "bikes", { from: start, until: start + dayMs })).toBe(25);
    await logPredictions(house, "bikes", "2011-01-01", "old", sameId("old"));
    expect(await countPredictions(house, "bikes", { from: start, until: start + dayMs })).toBe(26);
    const before = await openMonitoredHouse();
    await logPredictions(before, "bikes", "2011-01-01", "old", sameId("old"));
    expect(await countPredictions(before, "bikes", { from: start, until: start + dayMs })).toBe(1);
  });

  test("a label that arrived later than now is not used", async () => {
    const house = await openMonitoredHouse();
    await logPredictions(house, "bikes", "2011-01-01", "a", hours(0, "h"));
    await addLabels(house.db, "bikes", [label("r-0-1", "1", start + dayMs), label("r-0-2", "5", start + dayMs + 1)]);
    await evaluateErrors(house, monitor(), start, start + dayMs);
    expect((await errorWindows(house.db, monitor(), { variant: "served" })).map((one) => one.sums)).toEqual([{ n: 1, loss: 0, absolute: 0, signed: 0, label: 1 }]);
  });

  test("late labels complete a window, once they have arrived", async () => {
    const house = await openMonitoredHouse();
    const config = monitor({ labelDelay: dayMs });
    const due = start + 2 * dayMs;
    await logPredictions(house, "bikes", "2011-01-01", "a", hours(0, "h"));
    await addLabels(house.db, "bikes", labelsOf(0, (h) => h + 1).slice(0, 10));
    await evaluateErrors(house, config, start, due);
    const counted = async (): Promise<(number | undefined)[]> => {
      const [window] = await errorWindows(house.db, config, { variant: "served" });
      return [window?.sums.n, window?.metrics["rmse"]];
    };
    expect(await counted()).toEqual([10, 1]);
    // Nothing new since the last turn: nothing is computed again.
    await addLabels(house.db, "bikes", labelsOf(0, (h) => h + 1).slice(10).map((one) => ({ ...one, arrivedAt: due + 5 })));
    await evaluateErrors(house, config, start, due + 4);
    expect(await counted()).toEqual([10, 1]);
    await evaluateErrors(house, config, start, due + 5);
    expect(await counted()).toEqual([24, 1]);
    expect((await errorWindows(house.db, config)).map((window) => window.variant)).toEqual(["champion", "served"]);
  });

  test("a window without traffic is a window", async () => {
    const house = await openMonitoredHouse();
    await evaluateErrors(house, monitor(), start, start + 2 * dayMs);
    expect((await errorWindows(house.db, monitor())).map((one) => [one.variant, one.predictions, one.metrics])).toEqual([["served", 0, {}], ["served", 0, {}]]);
  });

  test("an endpoint nobody watches is said, with those that are", async () => {
    const { db } = await openMonitoredHouse();
    await saveMonitor(db, monitor(), 0);
    await saveMonitor(db, monitor({ window: 5 }), 1);
    expect((await readMonitor(db, "bikes")).window).toBe(5);
    await expect(readMonitor(db, "bike")).rejects.toMatchObject({ code: "monitoring.monitor_not_found", status: 404, message: expect.stringContaining("bikes") as string });
  });
});

describe("what production taught", () => {
  test("rows are the requests as answered with the labels known by then, in order of time", async () => {
    const house = await openMonitoredHouse();
    await logPredictions(house, "bikes", "2011-01-01", "a", hours(0, "h"));
    await logPredictions(house, "bikes", "2011-01-01", "b", hours(0, "h", "true AS shadow, 'challenger' AS variant, '2' AS version"));
    await addLabels(house.db, "bikes", labelsOf(0, (h) => h * 2).map((one, h) => ({ ...one, arrivedAt: start + (h + 24) * 3_600_000 })));
    const request = { endpoint: "bikes", features: [{ name: "hour", type: "number" as const }], target: "cnt", regression: true, time: { column: "at", stored: "TIMESTAMP" as const } };
    const known = await collectFeedback(house, { ...request, knownAt: start + 30 * 3_600_000 });
    expect(known.rows).toBe(7);
    expect(await collectFeedback(house, { ...request, knownAt: start + 2 * dayMs })).toMatchObject({ rows: 24 });
    expect(await collectFeedback(house, { ...request, endpoint: "taxis", knownAt: start })).toEqual({ sha256: "", size: 0, rows: 0 });
    expect(await collectFeedback(house, { ...request, knownAt: start + 30 * 3_600_000 })).toEqual(known);
  });
});

const reference: ReferenceProfile = {
  rows: 1000,
  features: [
    { name: "hour", type: "number", edges: [5, 11, 17], shares: [0.25, 0.25, 0.25, 0.25], missing: 0 },
    { name: "wind", type: "number", edges: [1], shares: [0.5, 0.5], missing: 0 },
    { name: "sky", type: "category", categories: ["clear", "rain"], shares: [0.8, 0.2, 0], missing: 0 },
  ],
  prediction: { name: "prediction", type: "number", edges: [50], shares: [0.5, 0.5], missing: 0 },
};

async function watched(config: MonitorConfig): Promise<House> {
  const house = await openMonitoredHouse();
  await saveMonitor(house.db, config, 0);
  await saveReference(house.db, "bikes", 1, reference);
  await writeDeployment(house.db, { endpoint: "bikes", salt: "s", variants: [{ name: "champion", version: 1, weight: 1, shadow: false }], time: 0, actor: "test", reason: "test" });
  return house;
}

/** 240 rows of a day; `wind` and `sky` are SQL over the row's number i. */
const weather = (day: number, wind: string, sky: string, rows = 240): string => `
  SELECT 'r-${day}-' || i AS request_id, 0::BIGINT AS row_index, make_timestamp(${(start + day * dayMs) * 1000} + i * 300000000) AS event_time,
    now()::TIMESTAMP AS received_at, false AS shadow, 'champion' AS variant, '1' AS version, 'ok' AS status,
    (i % 24)::DOUBLE AS input_hour, (${wind})::DOUBLE AS input_wind, ${sky} AS input_sky, (i % 2 * 100)::DOUBLE AS output_prediction FROM range(${rows}) t(i)`;

const usual: [string, string] = ["i % 2 * 2", "CASE WHEN i % 5 = 0 THEN 'rain' ELSE 'clear' END"];

describe("drift", () => {
  test("what is as it was has not drifted; what moved has, and is named", async () => {
    const house = await watched(monitor());
    await logPredictions(house, "bikes", "2011-01-01", "a", weather(0, ...usual));
    await logPredictions(house, "bikes", "2011-01-02", "a", weather(1, "5", "CASE WHEN i % 3 = 0 THEN 'snow' WHEN i % 7 = 0 THEN NULL ELSE 'rain' END"));
    expect(await evaluateDrift(house, monitor(), start, start + dayMs)).toEqual([]);
    const [alarm] = await evaluateDrift(house, monitor(), start, start + 2 * dayMs);
    expect(alarm.features.map((one) => [one.feature, one.drifted])).toEqual([["hour", false], ["wind", true], ["sky", true]]);
    expect(alarm).toMatchObject({ version: 1, rows: 240, alarm: true, start: start + dayMs, end: start + 2 * dayMs, judgedAt: start + 2 * dayMs });
    expect(alarm.driftedShare).toBeCloseTo(2 / 3, 12);
    expect(alarm.prediction).toMatchObject({ drifted: false });
    expect(alarm.features[2].missing).toBeGreaterThan(0.05);
    expect(driftAlarm(alarm).message).toMatch(/^2 of 3 features drifted in the window to 2011-01-03 \(psi ≥ 0\.2\): (wind|sky) [\d.]+, (wind|sky) [\d.]+$/);
    expect((await driftReports(house.db, "bikes")).map((report) => report.features.filter((one) => one.drifted).length)).toEqual([0, 2]);
  });

  // One feature of three is below the share of one half that alarms: what is missing or unseen alarms by itself.
  test.each<[string, string, string, RegExp, Partial<FeatureDrift>]>([
    ["80 % of a number missing", "CASE WHEN i % 5 = 0 THEN i % 2 * 2 END", usual[1], /^1 of 3 features drifted in the window to 2011-01-02 \(psi ≥ 0\.2\): wind [\d.]+; wind is missing in 80 % of the rows \(0 % in training\)$/, { feature: "wind", missing: 0.8, unseen: 0, gaps: true }],
    ["15 % of a category missing, which is no far distance", usual[0], "CASE WHEN i % 20 < 3 THEN NULL WHEN i % 5 = 0 THEN 'rain' ELSE 'clear' END", /sky is missing in 15 % of the rows \(0 % in training\)/, { feature: "sky", missing: 0.15, gaps: true }],
    ["a category that training did not see", usual[0], "CASE WHEN i % 4 = 0 THEN 'snow' WHEN i % 5 = 0 THEN 'rain' ELSE 'clear' END", /; sky is a category that training did not see in 25 %$/, { feature: "sky", missing: 0, unseen: 0.25, gaps: true }],
  ])("%s alarms alone", async (_, wind, sky, message, feature) => {
    const house = await watched(monitor());
    await logPredictions(house, "bikes", "2011-01-01", "a", `SELECT *, CASE WHEN input_sky = 'snow' THEN '["sky"]' ELSE '' END AS unseen FROM (${weather(0, wind, sky)})`);
    const [alarm] = await evaluateDrift(house, monitor(), start, start + dayMs);
    expect(driftAlarm(alarm).message).toMatch(message);
    expect(alarm.features.find((one) => one.feature === feature.feature)).toMatchObject(feature);
    expect(driftAlarm(alarm).evidence["gaps"]).toEqual([feature.feature]);
    const patient = monitor({ drift: { ...monitor().drift, gaps: 1 } });
    const other = await watched(patient);
    await logPredictions(other, "bikes", "2011-01-01", "a", weather(0, wind, sky));
    expect(await evaluateDrift(other, patient, start, start + dayMs)).toEqual([]);
  });

  test("answers that moved alarm as inputs do", async () => {
    const house = await watched(monitor());
    await logPredictions(house, "bikes", "2011-01-01", "a", `SELECT * REPLACE (90.0::DOUBLE AS output_prediction) FROM (${weather(0, ...usual)})`);
    const [alarm] = await evaluateDrift(house, monitor(), start, start + dayMs);
    expect(driftAlarm(alarm)).toMatchObject({ message: expect.stringMatching(/^0 of 3 features drifted in the window to 2011-01-02 \(psi ≥ 0\.2\); the predictions drifted \(psi [\d.]+\)$/), evidence: { features: [] } });
  });

  test("a window that is too small to tell has not drifted, whatever its distance; the same in a larger one has", async () => {
    const few = monitor({ drift: { ...monitor().drift, minRows: 5 } });
    for (const [rows, drifted] of [[8, false], [80, true]] as const) {
      const house = await watched(few);
      // Three of four rows are above the edge, where half are expected.
      await logPredictions(house, "bikes", "2011-01-01", "a", weather(0, "CASE WHEN i % 4 = 0 THEN 0 ELSE 2 END", usual[1], rows));
      await evaluateDrift(house, few, start, start + dayMs);
      const wind = (await driftReports(house.db, "bikes"))[0].features[1];
      expect([wind.distance > 0.2, wind.drifted, wind.chance! <= 0.01]).toEqual([true, drifted, drifted]);
    }
  });

  test("a feature that is meant to move is not looked at", async () => {
    const house = await watched(monitor());
    await logPredictions(house, "bikes", "2011-01-01", "a", weather(0, "5", usual[1]));
    const config = monitor({ drift: { ...monitor().drift, exclude: ["wind"], share: 0.1 } });
    expect(await evaluateDrift(house, config, start, start + dayMs)).toEqual([]);
    expect((await driftReports(house.db, "bikes"))[0].features.map((one) => one.feature)).toEqual(["hour", "sky"]);
  });

  test("the alarm is raised in the turn that judges the window, wherever between two windows it comes, and in no later one", async () => {
    const house = await watched(monitor());
    await logPredictions(house, "bikes", "2011-01-01", "a", weather(0, "5", "'snow'"));
    const odd = start + dayMs + 12_345;
    expect(await evaluateDrift(house, monitor(), start, odd)).toHaveLength(1);
    // The same turn done again after a crash says the same; the next says nothing.
    expect(await evaluateDrift(house, monitor(), start, odd)).toHaveLength(1);
    expect(await evaluateDrift(house, monitor(), start, odd + 60_000)).toEqual([]);
  });

  test("too few rows are not judged, nor is an endpoint without traffic", async () => {
    const house = await watched(monitor());
    await logPredictions(house, "bikes", "2011-01-01", "a", weather(0, "5", "'snow'", 49));
    expect(await evaluateDrift(house, monitor(), start, start + 3 * dayMs)).toEqual([]);
    expect(await driftReports(house.db, "bikes")).toEqual([]);
  });
});

describe("the performance alarm", () => {
  test.each<[string, (number | null)[], Partial<MonitorConfig["performance"]>, RegExp | undefined, number?]>([
    ["no windows", [], {}, undefined],
    ["as expected", [100, 105, 95, 100], {}, undefined],
    ["a little worse for a while", [130, 130, 130], {}, undefined],
    ["a little worse for long", Array<number>(14).fill(130), {}, /^rmse of version 1 has risen above the 100\.0 expected of it: 130\.0, 130\.0, 130\.0 in the last windows \(CUSUM 2\.80 > 2\.5\)$/],
    ["far worse at once", [100, 500], {}, /100\.0, 500\.0 in the last windows \(CUSUM 3\.13 > 2\.5\)$/],
    ["worse, then good again", [300, 300, 20, 20, 20, 20], {}, undefined],
    ["above the limit", [100, 111], { max: 110 }, /^rmse of version 1 was 111\.000 on 2011-01-02, above the limit of 110$/],
    ["above the limit before, not now", [111, 100], { max: 110 }, undefined],
    ["windows without labels are passed over", [100, null, 500, null], {}, /CUSUM/],
    ["a higher threshold", Array<number>(14).fill(130), { threshold: 3.5 }, undefined],
    ["more slack", Array<number>(14).fill(130), { slack: 0.3 }, undefined],
    ["far worse on three labels", [100, 500], {}, undefined, 3],
    ["far worse on three labels, day after day", [500, 500, 500, 500], {}, /CUSUM/, 3],
  ])("%s", async (_, losses, performance, message, labels = 10) => {
    const sums = (rmse: number): ErrorSums => ({ n: labels, loss: rmse * rmse * labels, absolute: 0, signed: 0, label: 0 });
    const house = await openMonitoredHouse();
    const base = monitor();
    const config = { ...base, performance: { ...base.performance, ...performance } };
    const rows = losses.map((loss, day) => ({ endpoint: "bikes", start: start + day * dayMs, end: start + (day + 1) * dayMs, variant: "champion", version: 1, predictions: 10, sums: JSON.stringify(loss === null ? { ...sums(0), n: 0 } : sums(loss)) }));
    const others = rows.flatMap((row) => [{ ...row, version: 2, sums: JSON.stringify(sums(9999)) }, { ...row, variant: "served", version: 0, sums: JSON.stringify(sums(9999)) }]);
    if (rows.length > 0) await monitoringTables(house.db).insertInto("error_windows").values([...rows, ...others]).execute();
    const { alarm } = await performanceAlarm(house, config, { version: 1, reference: 100, since: start });
    if (message) expect(alarm?.message).toMatch(message);
    else expect(alarm).toBeUndefined();
  });
});
