import { day } from "../../clock.ts";
import { readTrainedVersion } from "../../registry/versions.ts";
import type { House } from "../../stage.ts";
import { readReference } from "../monitoring.ts";
import type { MonitorConfig } from "../types.ts";
import { labelsToSee } from "./labels-to-see.ts";
import { evaluatedLosses, fewestLabels } from "./live-rise.ts";

/** What the performance alarm can see of a model, and when. */
export interface Sight {
  readonly loss: "absolute error" | "log loss";
  /** The standard deviation of a row's loss beside its mean, as the evaluation showed it. */
  readonly spread: number;
  /** Rows a day of the table the model was trained on; null where their times are not known. */
  readonly rowsPerDay: number | null;
  /** Milliseconds from a prediction to its label. */
  readonly labelDelay: number;
  readonly rises: readonly SeenRise[];
}

export interface SeenRise {
  /** The share by which the loss rises. */
  readonly rise: number;
  /** Labels after which it is seen as often as not. */
  readonly labels: number;
  /** Days until then at that rate: whole windows of live error, and the delay of the labels; null where the rate is not known. */
  readonly days: number | null;
}

const rises = [0.2, 0.5, 1];

/** After how many labels, and days at the rate of its table, rises of a version's loss are seen; undefined where its evaluation tells no spread, or the alarm is another one. */
export async function sightOf(house: House, config: MonitorConfig, version: number): Promise<Sight | undefined> {
  if (config.performance.threshold !== null) return undefined;
  const { metrics } = await readTrainedVersion(house.db, config.endpoint, version);
  const { n, sum, squares } = evaluatedLosses(config, metrics, 1000);
  const mean = sum / n;
  const spread = Math.sqrt(Math.max(0, squares / n - mean ** 2)) / mean;
  if (!Number.isFinite(spread)) return undefined;
  const reference = await readReference(house.db, config.endpoint, version);
  const span = reference?.span && reference.span.until > reference.span.from ? reference.span.until - reference.span.from : undefined;
  const rowsPerDay = reference && span !== undefined ? (reference.rows * day) / span : null;
  const daysOf = (labels: number): number | null => (rowsPerDay === null ? null : (Math.ceil((labels / rowsPerDay) * (day / config.window)) * config.window + config.labelDelay) / day);
  return {
    loss: config.task === "regression" ? "absolute error" : "log loss",
    spread,
    rowsPerDay,
    labelDelay: config.labelDelay,
    rises: rises.map((rise) => {
      const labels = Math.max(fewestLabels, Math.ceil(labelsToSee(rise, spread, config.performance.falseAlarms ?? 0.1)));
      return { rise, labels, days: daysOf(labels) };
    }),
  };
}
