import type { MetricIntervals } from "../../evaluation/types.ts";
import { isoDate } from "../../clock.ts";
import { readTrainedVersion } from "../../registry/versions.ts";
import type { House } from "../../stage.ts";
import { lossOf } from "../error-sums.ts";
import { errorWindows } from "../monitoring.ts";
import type { Alarm, ErrorSums, MonitorConfig } from "../types.ts";
import { deviateFor, strongestRise, type LossSums, type Rise } from "./change-point.ts";

/** Fewer labels since a rise are no reason to believe it. */
export const fewestLabels = 5;

/** A rise of a version's live loss, and when it began. */
export interface LiveRise extends Rise {
  /** The start of the first window after it, ms. */
  readonly changedAt: number;
  /** Whether it is surer than the stated rate of false alarms asks for. */
  readonly alarms: boolean;
}

/**
 * Where a version's live loss has risen most surely since `since`, in its windows and against its evaluation (see `change-point.ts`). Of numbers the absolute
 * error is tested, whose tails are lighter than those of its square; of classes the log loss.
 */
export async function liveRise(house: House, config: MonitorConfig, { version, since }: { readonly version: number; readonly since: number }): Promise<LiveRise | undefined> {
  const windows = await errorWindows(house.db, config, { variant: "champion", version, from: since });
  const { metrics, training } = await readTrainedVersion(house.db, config.endpoint, version);
  const rise = strongestRise(evaluatedLosses(config, metrics, training.judged ?? Math.round(training.rows / 5)), windows.map(({ sums }) => lossSums(config, sums)));
  if (!rise) return undefined;
  return { ...rise, changedAt: windows[rise.at].start, alarms: rise.labels >= fewestLabels && rise.z > deviateFor(config.performance.falseAlarms ?? 0.1) };
}

function lossSums({ task }: MonitorConfig, { n, loss, absolute, squares }: ErrorSums): LossSums {
  if (task === "regression") return { n, sum: absolute, squares: loss };
  // Of windows of before, the squares are not known: as if all rows had the mean loss.
  return { n, sum: loss, squares: squares ?? (n === 0 ? 0 : loss ** 2 / n) };
}

/** Rows of an evaluation, as far as its metrics tell: of classes the spread of the loss follows from its 95 % interval. */
export function evaluatedLosses({ task }: MonitorConfig, metrics: MetricIntervals, rows: number): LossSums {
  const none = { n: 0, sum: 0, squares: 0 };
  if (task === "regression") {
    const [mae, rmse] = [metrics["mae"]?.value, metrics["rmse"]?.value];
    return mae === undefined || rmse === undefined ? none : { n: rows, sum: rows * mae, squares: rows * rmse ** 2 };
  }
  const loss = metrics["log_loss"];
  if (!loss) return none;
  const variance = rows * ((loss.high - loss.low) / (2 * 1.96)) ** 2;
  return { n: rows, sum: rows * loss.value, squares: rows * (loss.value ** 2 + variance) };
}

/** The alarm that a rise raises, in words. */
export function riseAlarm(config: MonitorConfig, version: number, rise: LiveRise): Alarm {
  const loss = config.task === "regression" ? "absolute error" : "log loss";
  const { before, since, z, labels, changedAt } = rise;
  return {
    kind: "performance",
    message: `the ${loss} of version ${version} has risen from ${format(before)} to ${format(since)} since ${isoDate(changedAt)}, over ${labels} labels (${z.toFixed(1)} standard errors of its own spread)`,
    evidence: { loss: lossOf(config.task), before, since, deviate: z, labels, changedAt },
  };
}

const format = (value: number): string => Number(value.toPrecision(4)).toString();
