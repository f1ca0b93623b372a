import { isoDate } from "../clock.ts";
import { notFound } from "../errors.ts";
import { readTrainedVersion } from "../registry/versions.ts";
import { readDeployment } from "../serving/serving.ts";
import type { House } from "../stage.ts";
import type { Database } from "../storage/database.ts";
import { cusum } from "./cusum.ts";
import { measureDrift } from "./drift/measure-drift.ts";
import { lossOf } from "./error-sums.ts";
import { monitoringTables } from "./store.ts";
import type { Alarm, DriftReport, MonitorConfig, ReferenceProfile } from "./types.ts";
import { errorWindows } from "./windows/error-windows.ts";

export { evaluateErrors } from "./windows/evaluate-errors.ts";
export { errorWindows };

/** Sets how an endpoint is watched; the first time also from when on. */
export async function saveMonitor(db: Database, config: MonitorConfig, now: number): Promise<void> {
  await monitoringTables(db)
    .insertInto("monitors")
    .values({ endpoint: config.endpoint, config: JSON.stringify(config), created_at: now })
    .onConflict((conflict) => conflict.column("endpoint").doUpdateSet({ config: JSON.stringify(config) }))
    .execute();
}

export async function listMonitors(db: Database): Promise<MonitorConfig[]> {
  const rows = await monitoringTables(db).selectFrom("monitors").select("config").orderBy("endpoint").execute();
  return rows.map((row) => JSON.parse(row.config) as MonitorConfig);
}

export async function readMonitor(db: Database, endpoint: string): Promise<MonitorConfig> {
  const monitors = await listMonitors(db);
  const found = monitors.find((monitor) => monitor.endpoint === endpoint);
  if (found) return found;
  throw notFound(
    "monitoring.monitor_not_found",
    `Nothing watches an endpoint ${JSON.stringify(endpoint)}; watched ${monitors.length > 0 ? `are ${monitors.map((one) => one.endpoint).join(", ")}` : "is none yet"}`,
  );
}

/** Keeps the profile that live data of a version is compared with. */
export async function saveReference(db: Database, endpoint: string, version: number, profile: ReferenceProfile): Promise<void> {
  const row = { profile: JSON.stringify(profile) };
  await monitoringTables(db)
    .insertInto("reference_profiles")
    .values({ endpoint, version, ...row })
    .onConflict((conflict) => conflict.columns(["endpoint", "version"]).doUpdateSet(row))
    .execute();
}

export async function readReference(db: Database, endpoint: string, version: number): Promise<ReferenceProfile | undefined> {
  const row = await monitoringTables(db)
    .selectFrom("reference_profiles")
    .select("profile")
    .where("endpoint", "=", endpoint)
    .where("version", "=", version)
    .executeTakeFirst();
  return row && (JSON.parse(row.profile) as ReferenceProfile);
}

/** Labels from which on a window counts in full: one of three labels that is wrong is no third of all answers. */
const fullWindow = 10;

/**
 * Whether a version's live error has left what was expected of it: a CUSUM over its windows since `since` against `reference` (the
 * loss of its evaluation, or worse if a retraining could not better it), or its last window above the limit that was set.
 */
export async function performanceAlarm(
  house: House,
  config: MonitorConfig,
  champion: { version: number; reference: number; since: number },
): Promise<{ level: number; alarm: Alarm | undefined }> {
  const loss = lossOf(config.task);
  const windows = (await errorWindows(house.db, config, { variant: "champion", version: champion.version, from: champion.since })).filter(
    (window) => window.sums.n > 0,
  );
  const losses = windows.map((window) => window.metrics[loss]);
  const weights = windows.map((window) => Math.min(1, window.sums.n / fullWindow));
  const { max, threshold: asked } = config.performance;
  const threshold = asked ?? Number.MAX_VALUE;
  const levels = cusum(losses, weights, champion.reference, config.performance.slack, threshold * 1.25);
  const level = levels.at(-1) ?? 0;
  const latest = losses.at(-1);
  if (latest !== undefined && max !== null && latest > max) {
    return {
      level,
      alarm: {
        kind: "performance",
        message: `${loss} of version ${champion.version} was ${latest.toFixed(3)} on ${isoDate(windows.at(-1)!.start)}, above the limit of ${max}`,
        evidence: { loss, latest, max },
      },
    };
  }
  if (level <= threshold) return { level, alarm: undefined };
  return {
    level,
    alarm: {
      kind: "performance",
      message: `${loss} of version ${champion.version} has risen above the ${champion.reference.toFixed(1)} expected of it: ${losses
        .slice(-3)
        .map((value) => value.toFixed(1))
        .join(", ")} in the last windows (CUSUM ${level.toFixed(2)} > ${threshold})`,
      evidence: { loss, reference: champion.reference, cusum: level, threshold, windows: losses.length },
    },
  };
}

/** Judges every drift window that ended by `now` and is not judged yet; returns the reports of this turn that raise an alarm, also when it is done again. */
export async function evaluateDrift(house: House, config: MonitorConfig, since: number, now: number): Promise<DriftReport[]> {
  const tables = monitoringTables(house.db);
  const last = await tables
    .selectFrom("drift_reports")
    .select(({ fn }) => fn.max("end").as("end"))
    .where("endpoint", "=", config.endpoint)
    .executeTakeFirst();
  const champion = (await readDeployment(house, config.endpoint))?.variants.find((variant) => variant.name === "champion");
  if (!champion) return [];
  const reference = await readReference(house.db, config.endpoint, champion.version);
  if (!reference) return [];
  let before = last?.end == null ? undefined : (await newestReports(house.db, config.endpoint, 1))[0];
  for (let start = last?.end ?? since; start + config.drift.window <= now; start += config.drift.window) {
    const measured = await measureDrift(house, config, { from: start, until: start + config.drift.window }, champion.version, reference, before);
    if (!measured) continue;
    const report: DriftReport = { ...measured, judgedAt: now };
    before = report;
    // Told first: cut off here, it is found and told again, and who listens knows it by its window.
    if (report.alarm) await house.events.emit({ name: "monitoring.drift_detected", time: now, payload: { endpoint: config.endpoint, end: report.end } });
    await tables
      .insertInto("drift_reports")
      .values({ endpoint: config.endpoint, start: report.start, end: report.end, report: JSON.stringify(report) })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  return (await judgedAt(house.db, config.endpoint, now)).filter((report) => report.alarm);
}

/** The reports of the turn at `now`, oldest first: no turn after it has judged any. */
async function judgedAt(db: Database, endpoint: string, now: number): Promise<DriftReport[]> {
  for (let most = 4; ; most *= 8) {
    const newest = await newestReports(db, endpoint, most);
    const before = newest.findIndex((report) => report.judgedAt !== now);
    if (before >= 0 || newest.length < most) return newest.slice(0, before < 0 ? newest.length : before).toReversed();
  }
}

/** The newest reports, so many at most, newest first. */
async function newestReports(db: Database, endpoint: string, most: number): Promise<DriftReport[]> {
  const rows = await monitoringTables(db).selectFrom("drift_reports").select("report").where("endpoint", "=", endpoint).orderBy("end", "desc").limit(most).execute();
  return rows.map((row) => JSON.parse(row.report) as DriftReport);
}

/** All drift reports, oldest first. */
export async function driftReports(db: Database, endpoint: string): Promise<DriftReport[]> {
  const rows = await monitoringTables(db).selectFrom("drift_reports").select("report").where("endpoint", "=", endpoint).orderBy("end").execute();
  return rows.map((row) => JSON.parse(row.report) as DriftReport);
}

/** The loss a version showed in its evaluation. */
export async function evaluatedLoss(house: House, config: MonitorConfig, version: number): Promise<number> {
  const { metrics } = await readTrainedVersion(house.db, config.endpoint, version);
  const value = metrics[lossOf(config.task)]?.value;
  if (value === undefined || !(value > 0)) return Number.MIN_VALUE;
  return value;
}
