import type { DuckDBConnection } from "@duckdb/node-api";
import { identifier, literal, queryOne } from "../../storage/duckdb.ts";
import type { House } from "../../stage.ts";
import { readingLog } from "../prediction-log.ts";
import type { DriftReport, FeatureDrift, FeatureReference, MonitorConfig, ReferenceProfile, TimeWindow } from "../types.ts";
import { adjustForMany, chanceOf } from "./chance.ts";
import { jensenShannon, psi } from "./distances.ts";
import { binsOf } from "./reference.ts";

/**
 * Compares the inputs and answers of a window with the reference of the version that served it. A feature has drifted when its distance is at the threshold
 * and more than chance gives for so many rows and bins, with the rate of false ones held over all features. The alarm is raised when enough features have
 * drifted, when the prediction has, or when one feature is missing or unseen far more often than in training. Undefined when the window has fewer rows than
 * `minRows`: too few to judge.
 */
export async function measureDrift(
  house: House,
  config: MonitorConfig,
  window: TimeWindow,
  version: number,
  reference: ReferenceProfile,
): Promise<Omit<DriftReport, "judgedAt"> | undefined> {
  return readingLog<Omit<DriftReport, "judgedAt"> | undefined>(house, config.endpoint, window, undefined, async (connection, log) => {
    await connection.run(`CREATE OR REPLACE TEMP TABLE answered AS SELECT *, from_json(nullif(unseen, ''), '["VARCHAR"]') AS unseen_names FROM ${log} WHERE NOT shadow`);
    const { rows } = await queryOne<{ rows: number }>(connection, "SELECT count(*) AS rows FROM answered");
    if (rows < config.drift.minRows) return undefined;
    const watched = reference.features.filter((one) => !config.drift.exclude.includes(one.name));
    const measured: Measured[] = [];
    for (const feature of watched) measured.push(await measure(connection, config, feature, `input_${feature.name}`, reference.rows));
    const features = judge(config, measured);
    const [prediction = null] = reference.prediction ? judge(config, [await measure(connection, config, reference.prediction, predictionColumn(reference.prediction), reference.answers ?? reference.rows)]) : [];
    const driftedShare = features.length === 0 ? 0 : features.filter((feature) => feature.drifted).length / features.length;
    return {
      endpoint: config.endpoint,
      start: window.from,
      end: window.until,
      version,
      rows,
      method: config.drift.method,
      threshold: config.drift.threshold,
      features,
      prediction,
      driftedShare,
      alarm: (features.length > 0 && driftedShare >= config.drift.share) || prediction?.drifted === true || features.some((feature) => feature.gaps),
    };
  });
}

type Measured = Omit<FeatureDrift, "drifted" | "gaps"> & { readonly chance: number; readonly unseen: number; readonly chanceOfGaps: number };

async function measure(connection: DuckDBConnection, config: MonitorConfig, one: FeatureReference, column: string, referenceRows: number): Promise<Measured> {
  const unseenHere = one.type === "category" ? `coalesce(list_contains(unseen_names, ${literal(one.name)}), false)` : undefined;
  const { counts, missing, unseen } = await binsOf(connection, "answered", identifier(column), one, unseenHere);
  const rows = counts.reduce((sum, count) => sum + count, missing + unseen);
  const there = rows - missing - unseen;
  const live = [...counts, missing, unseen];
  const trained = [...one.shares.map((share) => share * (1 - one.missing)), one.missing, 0];
  const trainedRows = trained.map((share) => Math.round(share * referenceRows));
  const missingBefore = trainedRows.at(-2)!;
  return {
    feature: one.name,
    distance: (config.drift.method === "psi" ? psi : jensenShannon)(trained, live.map((count) => count / rows)),
    chance: chanceOf(trainedRows, live),
    chanceOfGaps: chanceOf([referenceRows - missingBefore, missingBefore], [there, missing + unseen]),
    missing: missing / rows,
    missingReference: one.missing,
    unseen: unseen / rows,
    shares: counts.map((count) => count / Math.max(1, there)),
  };
}

function judge(config: MonitorConfig, measured: readonly Measured[]): FeatureDrift[] {
  const { threshold, falseAlarms = 0.01, gaps = 0.1 } = config.drift;
  const chances = adjustForMany(measured.map((one) => one.chance));
  const chancesOfGaps = adjustForMany(measured.map((one) => one.chanceOfGaps));
  return measured.map(({ feature, distance, missing, missingReference, unseen, shares }, at) => ({
    feature,
    distance,
    chance: chances[at],
    drifted: distance >= threshold && chances[at] <= falseAlarms,
    gaps: missing + unseen - missingReference >= gaps && chancesOfGaps[at] <= falseAlarms,
    missing,
    missingReference,
    unseen,
    shares,
  }));
}

const predictionColumn = (reference: FeatureReference): string => (reference.type === "number" ? "output_prediction" : "output_label");
