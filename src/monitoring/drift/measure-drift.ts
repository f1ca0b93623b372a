import type { DuckDBConnection } from "@duckdb/node-api";
import { double, identifier, literal, query, queryOne } from "../../storage/duckdb.ts";
import type { House } from "../../stage.ts";
import { readingLog } from "../prediction-log.ts";
import type { DriftReport, FeatureReference, MonitorConfig, ReferenceProfile, TimeWindow } from "../types.ts";
import { compareWindow, driftedShare, judgeFeatures, reachOf, seasonsOf, windowBefore, type Compared } from "./compare-window.ts";
import { slotSql } from "./cycles.ts";
import { binsOf } from "./reference.ts";

/**
 * Compares the inputs and answers of a window with the reference of the version that served it. A feature has drifted when its distance is at the threshold
 * and more than chance gives for so many rows and bins, season and the reference's own movement taken into account, with the rate of false ones held over all
 * features. The alarm is raised when what has drifted makes up enough of what moves the model's answers, when the prediction has, or when one feature that the
 * model uses is missing or unseen far more often than in training. Undefined when the window has fewer rows than `minRows`: too few to judge.
 *
 * @param report that of the window before, if there is one
 */
export async function measureDrift(
  house: House,
  config: MonitorConfig,
  window: TimeWindow,
  version: number,
  reference: ReferenceProfile,
  report?: DriftReport,
): Promise<Omit<DriftReport, "judgedAt"> | undefined> {
  return readingLog<Omit<DriftReport, "judgedAt"> | undefined>(house, config.endpoint, window, undefined, async (connection, log) => {
    await connection.run(`CREATE OR REPLACE TEMP TABLE answered AS SELECT *, from_json(nullif(unseen, ''), '["VARCHAR"]') AS unseen_names FROM ${log} WHERE NOT shadow`);
    const { rows } = await queryOne<{ rows: number }>(connection, "SELECT count(*) AS rows FROM answered");
    if (rows < config.drift.minRows) return undefined;
    const watched = reference.features.filter((one) => !config.drift.exclude.includes(one.name));
    const mixes = await mixesOf(connection, [...watched, ...(reference.prediction ? [reference.prediction] : [])]);
    const compare = (one: FeatureReference, column: string, referenceRows: number): Promise<Compared> => compareColumn(connection, config, { one, column, referenceRows, mixes, span: reference.span, until: window.until, before: windowBefore(one, window, report, version) });
    const compared: Compared[] = [];
    for (const one of watched) compared.push(await compare(one, `input_${one.name}`, reference.rows));
    const features = judgeFeatures(config.drift, compared);
    const [prediction = null] = reference.prediction ? judgeFeatures(config.drift, [await compare(reference.prediction, predictionColumn(reference.prediction), reference.answers ?? reference.rows)]) : [];
    const share = driftedShare(features);
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
      driftedShare: share,
      alarm: (features.some((feature) => feature.drifted) && share >= config.drift.share) || prediction?.drifted === true || features.some((feature) => feature.gaps),
      ...(reference.span && { reference: reference.span }),
    };
  });
}

type Mixes = ReadonlyMap<string, ReadonlyMap<number, number>>;

/** The window's rows in the slots of each season. */
async function mixesOf(connection: DuckDBConnection, references: readonly FeatureReference[]): Promise<Mixes> {
  const mixes = new Map<string, ReadonlyMap<number, number>>();
  for (const names of seasonsOf(references)) {
    const found = await query<{ slot: number; n: number }>(connection, `SELECT ${slotSql(names, "epoch_ms(event_time)")} AS slot, count(*) AS n FROM answered GROUP BY ALL ORDER BY slot`);
    mixes.set(names.join(" "), new Map(found.map(({ slot, n }) => [slot, n])));
  }
  return mixes;
}

interface ColumnOf {
  readonly one: FeatureReference;
  readonly column: string;
  readonly referenceRows: number;
  readonly mixes: Mixes;
  readonly span: TimeWindow | undefined;
  readonly until: number;
  readonly before: readonly number[] | undefined;
}

async function compareColumn(connection: DuckDBConnection, config: MonitorConfig, { one, column, referenceRows, mixes, span, until, before }: ColumnOf): Promise<Compared> {
  const unseenHere = one.type === "category" ? `coalesce(list_contains(unseen_names, ${literal(one.name)}), false)` : undefined;
  const bins = await binsOf(connection, "answered", identifier(column), one, unseenHere);
  const reach = one.time ? reachOf(one, span, until) : undefined;
  const beyond = reach
    ? (await queryOne<{ n: number }>(connection, `SELECT count(*) AS n FROM answered WHERE ${identifier(column)}::FLOAT < ${double(reach.low)} OR ${identifier(column)}::FLOAT > ${double(reach.high)}`)).n
    : 0;
  return compareWindow(config.drift.method, one, referenceRows, { ...bins, beyond, before, mix: mixes.get(one.time?.cycles.join(" ") ?? "") ?? new Map() });
}

const predictionColumn = (reference: FeatureReference): string => (reference.type === "number" ? "output_prediction" : "output_label");
