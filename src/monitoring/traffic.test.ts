import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { House } from "../stage.ts";
import { logPredictions, openMonitoredHouse } from "./fixtures/open-monitored-house.ts";
import { trafficOf } from "./traffic.ts";

const dayMs = 86_400_000;
const start = Date.UTC(2011, 0, 1);

interface Logged {
  readonly at: number;
  readonly row?: number;
  readonly status?: string;
  readonly shadow?: boolean;
  readonly version?: number;
  readonly latency?: number;
  readonly share?: number;
}

/** Writes a file of the log as the gateway does, without the columns of the model. */
async function log(house: House, day: number, name: string, requests: readonly Logged[]): Promise<void> {
  const rows = requests.map(({ at, row = 0, status = "ok", shadow = false, version = 1, latency = 1000, share = 1 }, index) =>
    `('r${index}', ${row}::BIGINT, make_timestamp(${(start + day * dayMs + at) * 1000}), ${shadow}, '${version === 1 ? "champion" : "challenger"}', '${version}', '${status}', ${latency}::BIGINT, ${share}::DOUBLE)`);
  await logPredictions(house, "bikes", new Date(start + day * dayMs).toISOString().slice(0, 10), name, `SELECT * FROM (VALUES ${rows.join(", ")}) t(request_id, row_index, event_time, shadow, variant, version, status, latency_us, log_share)`);
}

const hour = 3_600_000;

test("requests are counted once however many rows they have, shadows not at all, failures with the requests and apart", async () => {
  const house = await openMonitoredHouse();
  await log(house, 0, "a", [{ at: 0 }, { at: 0, row: 1 }, { at: 1, latency: 3000 }, { at: 2, status: "error", latency: 90_000 }, { at: 3, shadow: true }, { at: 4, version: 2, latency: 500 }]);
  await log(house, 1, "b", [{ at: 12 * hour }]);
  const { width, from, until, sampled, spans } = await trafficOf(house, "bikes", 2);
  expect([width, from, until, sampled]).toEqual([15 * 60_000, start, start + 2 * dayMs, false]);
  expect(spans).toEqual([
    { start, version: 1, variant: "champion", requests: 3, errors: 1, p50: 2, p99: 2.98 },
    { start, version: 2, variant: "challenger", requests: 1, errors: 0, p50: 0.5, p99: 0.5 },
    { start: start + dayMs + 12 * hour, version: 1, variant: "champion", requests: 1, errors: 0, p50: 1, p99: 1 },
  ]);
});

test("an answer of which a tenth is logged stands for ten, a failure for itself", async () => {
  const house = await openMonitoredHouse();
  await log(house, 0, "a", [{ at: 0, share: 0.1 }, { at: 1, share: 0.1 }, { at: 2, status: "error", share: 0.1 }]);
  const { sampled, spans } = await trafficOf(house, "bikes", 1);
  expect([sampled, spans[0].requests, spans[0].errors]).toEqual([true, 21, 1]);
});

test("days before the range are left out; spans grow with the range; nothing logged is no traffic", async () => {
  const house = await openMonitoredHouse();
  expect(await trafficOf(house, "bikes", 30)).toEqual({ width: 0, from: 0, until: 0, sampled: false, spans: [] });
  await log(house, 0, "a", [{ at: 0 }]);
  await log(house, 40, "b", [{ at: 0 }]);
  expect((await trafficOf(house, "bikes", 30)).spans.map((span) => span.start)).toEqual([start + 40 * dayMs]);
  const year = await trafficOf(house, "bikes", 365);
  expect([year.width, year.spans.length]).toEqual([7 * dayMs, 2]);
});

test("a file that cannot be read is left out, as everywhere", async () => {
  const house = await openMonitoredHouse();
  await log(house, 0, "a", [{ at: 0 }]);
  await writeFile(join(house.settings.home, "predictions", "bikes", "2011-01-01", "torn.parquet"), "PAR1 and no more");
  expect((await trafficOf(house, "bikes", 1)).spans.map(({ requests }) => requests)).toEqual([1]);
});
