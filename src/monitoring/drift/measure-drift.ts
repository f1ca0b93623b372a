import { identifier, queryOne, withConnection } from "../../storage/duckdb.ts";
import type { House } from "../../stage.ts";
import { jensenShannon, psi } from "./distances.ts";
import { predictionRows, type TimeWindow } from "../prediction-log.ts";
import { sharesOf } from "./reference.ts";
import type { DriftReport, FeatureDrift, FeatureReference, MonitorConfig, ReferenceProfile } from "../types.ts";

/**
 * Compares the inputs and answers of a window with the reference of the version that served it. Undefined when the window has fewer
 * rows than `minRows`: too few to judge.
 */
export async function measureDrift(
  house: House,
  config: MonitorConfig,
  window: TimeWindow,
  version: number,
  reference: ReferenceProfile,
): Promise<Omit<DriftReport, "judgedAt"> | undefined> {
  const log = await predictionRows(house, config.endpoint, window);
  if (log === undefined) return undefined;
  return withConnection(async (connection) => {
    await connection.run(`CREATE OR REPLACE TEMP TABLE answered AS SELECT * FROM ${log} WHERE NOT shadow`);
    const { rows } = await queryOne<{ rows: number }>(connection, "SELECT count(*) AS rows FROM answered");
    if (rows < config.drift.minRows) return undefined;
    const compare = async (one: FeatureReference, column: string): Promise<FeatureDrift> => {
      const { shares, missing } = await sharesOf(connection, "answered", identifier(column), one);
      const distance = (config.drift.method === "psi" ? psi : jensenShannon)(one.shares, shares);
      return { feature: one.name, distance, drifted: distance >= config.drift.threshold, missing, missingReference: one.missing, shares };
    };
    const features: FeatureDrift[] = [];
    for (const feature of reference.features.filter((one) => !config.drift.exclude.includes(one.name))) features.push(await compare(feature, `input_${feature.name}`));
    const prediction = reference.prediction ? await compare(reference.prediction, predictionColumn(reference.prediction)) : null;
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
      alarm: driftedShare >= config.drift.share,
    };
  });
}

const predictionColumn = (reference: FeatureReference): string => (reference.type === "number" ? "output_prediction" : "output_label");
