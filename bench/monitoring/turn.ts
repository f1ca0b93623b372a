import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { virtualClock } from "../../src/clock.ts";
import { resolveSettings } from "../../src/config.ts";
import { openEvents } from "../../src/events.ts";
import { openLog } from "../../src/log.ts";
import { addLabels } from "../../src/monitoring/labels.ts";
import { matchLabels } from "../../src/monitoring/match-labels.ts";
import { evaluateErrors } from "../../src/monitoring/monitoring.ts";
import { monitoringMigrations } from "../../src/monitoring/store.ts";
import type { MonitorConfig } from "../../src/monitoring/types.ts";
import type { House } from "../../src/stage.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { literal, withConnection } from "../../src/storage/duckdb.ts";
import { migrate } from "../../src/storage/migrations.ts";

/*
 * What the windows of a turn cost: days of so many predictions, each with a label a day later. Each line is what one call takes in a process of its own, in
 * milliseconds (those that processors were busy beside it), and the peak of that process's resident memory: `node bench/monitoring/turn.ts --rows 100000 --days 30`.
 */

const text = { type: "string" } as const;
const given = parseArgs({ options: { rows: text, days: text, files: text, home: text, turn: text, match: { type: "boolean" } } }).values;
const { rows = "100000", days = "10", files = "8" } = given;
const [perDay, count, perFolder] = [Number(rows), Number(days), Number(files)];
const dayMs = 86_400_000;
const start = Date.UTC(2026, 0, 1);
const home = given.home ?? (await mkdtemp(join(tmpdir(), "millrace-bench-")));
const log = openLog("silent", "bench");
const db = openDatabase(join(home, "millrace.db"));
await migrate(db, [{ name: "monitoring", migrations: monitoringMigrations }], 0);
const house = { settings: resolveSettings({ home }, {}), db, events: openEvents(log), clock: virtualClock(0), log, newId: () => "id" } as unknown as House;
const config: MonitorConfig = {
  endpoint: "bench",
  task: "regression",
  target: "y",
  labelDelay: dayMs,
  window: dayMs,
  performance: { threshold: 2.5, slack: 0.1, slip: 0.1, max: null },
  drift: { method: "psi", threshold: 0.2, window: dayMs, share: 0.5, exclude: [], minRows: 50 },
};

const idOf = (day: number, row: number): string => `${String(day).padStart(8, "0")}-4f1c-4b52-9d3e-${String(row).padStart(12, "0")}`;

/** A day of the log, as the gateway writes it: ids as long as UUIDs, twenty inputs. */
async function writeDay(day: number, from = 0, until = perDay, name = "a", shift = 0): Promise<void> {
  const at = start + (day + shift) * dayMs;
  const folder = join(home, "predictions", config.endpoint, new Date(at).toISOString().slice(0, 10));
  await mkdir(folder, { recursive: true });
  const inputs = Array.from({ length: 20 }, (_, i) => `random() AS input_${i}`).join(", ");
  for (let file = 0; file < perFolder; file++) {
    const [low, high] = [from + Math.floor(((until - from) * file) / perFolder), from + Math.floor(((until - from) * (file + 1)) / perFolder)];
    await withConnection((connection) =>
      connection
        .run(
          `COPY (SELECT printf('%08d-4f1c-4b52-9d3e-%012d', ${day}, i) AS request_id, 0::BIGINT AS row_index, (i * 7919)::BIGINT AS row_digest,
            make_timestamp((${at} + i * ${dayMs / perDay})::BIGINT * 1000) AS event_time, make_timestamp((${at} + i * ${dayMs / perDay})::BIGINT * 1000) AS received_at,
            '1' AS version, 'champion' AS variant, false AS shadow, 'ok' AS status, ${inputs}, random() AS output_prediction FROM range(${low}, ${high}) t(i))
           TO ${literal(join(folder, `1-champion-${name}-${file}.parquet`))} (FORMAT parquet, COMPRESSION zstd)`,
        )
        .then(() => undefined),
    );
  }
}

const labelsOf = (day: number, from = 0, until = perDay) =>
  Array.from({ length: until - from }, (_, i) => ({ requestId: idOf(day, from + i), rowIndex: 0, value: String(i / 7), arrivedAt: start + (day + 1) * dayMs + Math.floor((i * dayMs) / perDay) }));

/** What a call takes that nothing came before, and the memory of its process. */
async function timed(work: () => Promise<unknown>): Promise<void> {
  const [begun, used] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(used);
  console.log(`${(performance.now() - begun).toFixed(0).padStart(7)} ms (${((user + system) / 1000).toFixed(0).padStart(5)} of a processor) ${String(Math.round(process.resourceUsage().maxRSS / 1024)).padStart(5)} MB`);
}

function alone(what: string, ...options: string[]): void {
  console.log(`${what.padEnd(60)} ${execFileSync(process.execPath, [import.meta.filename, "--home", home, "--rows", rows, ...options], { encoding: "utf8" }).trimEnd()}`);
}

const turn = (day: number) => evaluateErrors(house, config, start, start + day * dayMs);

if (given.turn !== undefined) await timed(() => turn(Number(given.turn)));
else if (given.match === true) await timed(() => matchLabels(house, config.endpoint));
else {
  try {
    for (let day = 0; day < count; day++) {
      await writeDay(day);
      if (day > 0) await addLabels(db, config.endpoint, labelsOf(day - 1));
      if (day < count - 2) {
        await turn(day + 1);
        continue;
      }
      if (day === count - 2) alone(`a day of ${rows} predictions and as many labels matched`, "--match");
      alone(`turn over that day, labels ${day === count - 2 ? "matched before" : "matched in it"}`, "--turn", String(day + 1));
    }
    alone("turn in which nothing has come", "--turn", String(count));
    await addLabels(db, config.endpoint, labelsOf(0, 0, 10).map((label) => ({ ...label, value: "5", observedAt: start + count * dayMs, arrivedAt: start + count * dayMs })));
    alone("turn in which ten labels of the first day are corrected", "--turn", String(count));
    await writeDay(count - 3, 0, 1000, "again", 1);
    alone("turn in which 1000 requests are retried the next day", "--turn", String(count));
    await addLabels(db, config.endpoint, [{ requestId: idOf(0, 3), rowIndex: 0, value: "8", arrivedAt: start + (count + 1) * dayMs }]);
    alone("a label for a prediction of the first day is matched", "--match");
  } finally {
    if (process.env["KEEP"] === undefined) await rm(home, { recursive: true, force: true });
    else console.log(home);
  }
}
await db.destroy();
