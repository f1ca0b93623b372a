import { isoDate } from "../clock.ts";
import { table } from "../cli/table.ts";
import { client } from "../http/client.ts";
import { addErrors, asMetric, noErrors } from "../monitoring/error-sums.ts";
import type { MonitoringRoutes } from "../monitoring/routes.ts";
import type { BacktestOutput, PeriodLosses } from "../optimization/backtest/backtest-step.ts";
import { bestSchedule } from "../optimization/backtest/best-schedule.ts";
import type { PromotionOutcome } from "../optimization/backtest/promotions-step.ts";
import { regretsOf, type Regret } from "../optimization/backtest/regret.ts";
import type { OptimizationRoutes } from "../optimization/routes.ts";
import type { Loop } from "../optimization/types.ts";
import type { PipelineRun } from "../stage.ts";

/** One window of a replay: the loss of each policy (RMSE or log loss; null where the window has no labels), and what the loop did in it. */
export interface ReplayWindow {
  readonly window: number;
  readonly start: string;
  readonly labels: number;
  readonly never: number | null;
  readonly loop: number | null;
  readonly every_window_all: number | null;
  readonly every_window_recent: number | null;
  readonly trainings: number;
  readonly alarms: number;
}

/** What `millrace replay --json` prints. Losses are RMSE or log loss over all labelled predictions; of a promotion over those of the window that followed it, null without any. */
export interface ReplaySummary {
  readonly windows: number;
  readonly metric: "rmse" | "log_loss";
  readonly loss: { readonly never: number; readonly loop: number; readonly every_window_all: number; readonly every_window_recent: number; readonly hindsight: number };
  /** `loop`: retrainings; `fits`: models trained in them to choose one, and again on all rows; `hindsight`: of the schedule that is best in hindsight. */
  readonly trainings: { readonly loop: number; readonly every_window: number; readonly fits: number; readonly hindsight: number };
  readonly alarms: number;
  /** What it cost more than the best schedule in hindsight, at several prices of a training; `every_window` is the better of the two. None where retraining every window saves nothing. */
  readonly regret: readonly Regret[];
  /** `healed`: from an alarm on the error to the promotion that followed it, in windows. */
  readonly promotions: readonly { readonly time: string; readonly version: number; readonly replaced: number; readonly loss: number | null; readonly replaced_loss: number | null; readonly surely_worse: boolean; readonly healed: number | null }[];
  readonly table: readonly ReplayWindow[];
}

/** Puts together what a replay measured: the loop's error from its monitor (what clients got), the policies' from the backtest. */
export async function summarise(server: string, loop: Loop, windows: number, runs: { readonly backtest: PipelineRun; readonly promotions: PipelineRun }): Promise<ReplaySummary> {
  const { endpoint, startedAt, project, task } = loop;
  const { window } = project.monitor;
  const outputs = <T>(run: PipelineRun, step: string): T[] => run.steps.filter((one) => one.step === step).map((one) => one.output as unknown as T);
  const chunks = outputs<BacktestOutput>(runs.backtest, "optimization.backtest");
  const policies = new Map(chunks.flatMap(({ periods }) => periods).map((one) => [one.period, one]));
  const { windows: live } = await client<MonitoringRoutes>(server, "monitoring")("GET /monitors/:endpoint/errors", { params: { endpoint }, query: { variant: "served" } });
  const { decisions } = await client<OptimizationRoutes>(server, "optimization")("GET /loops/:endpoint/decisions", { params: { endpoint }, query: {} });
  const attempts = decisions.filter(({ kind }) => kind === "alarm");
  const raised = attempts.filter(({ evidence }) => evidence["kind"] !== "data" && evidence["again"] !== true);
  const metric = (loss: number, rows: number): number | null => (rows === 0 ? null : asMetric(task, loss / rows));
  const startOf = (k: number): number => startedAt + k * window;
  const inWindow = (k: number) => ({ time }: { readonly time: number }): boolean => time > startOf(k) && time <= startOf(k + 1);
  const rows = Array.from({ length: windows }, (_, k): ReplayWindow => {
    const sums = live.filter(({ start }) => start >= startOf(k) && start < startOf(k + 1)).reduce((sum, one) => addErrors(sum, one.sums), noErrors);
    const other = policies.get(k);
    const of = (loss: (losses: PeriodLosses) => number | null): number | null => (other ? metric(loss(other) ?? Number.NaN, other.rows) : null);
    return {
      window: k + 1,
      start: new Date(startOf(k)).toISOString(),
      labels: sums.n,
      never: of(({ never }) => never),
      loop: metric(sums.loss, sums.n),
      every_window_all: of(({ all }) => all),
      every_window_recent: of(({ recent }) => recent),
      trainings: attempts.filter(inWindow(k)).length,
      alarms: raised.filter(inWindow(k)).length,
    };
  });
  const all = [...policies.values()];
  const labels = all.reduce((sum, one) => sum + one.rows, 0);
  const summed = (loss: (losses: PeriodLosses) => number): number => all.reduce((sum, one) => sum + loss(one), 0);
  const total = (loss: (losses: PeriodLosses) => number): number => metric(summed(loss), labels) ?? Number.NaN;
  const answered = live.reduce((sum, one) => addErrors(sum, one.sums), noErrors);
  const price = (project.retrain.cost ?? 0.3) * (all.reduce((sum, { never }) => sum + never, 0) / Math.max(1, all.length));
  const models = chunks.flatMap((chunk) => chunk.models);
  const hindsight = bestSchedule(models, windows, price);
  const always = Math.min(summed((one) => one.all), summed(({ recent }) => recent ?? Number.POSITIVE_INFINITY));
  // Of as many labelled rows as the other policies are judged by.
  const served = answered.n === 0 ? Number.NaN : (answered.loss / answered.n) * labels;
  const regret = regretsOf({ never: { loss: summed(({ never }) => never), trainings: 0 }, always: { loss: always, trainings: windows - 1 }, loop: { loss: served, trainings: attempts.length } }, models, windows);
  const outcomes = outputs<{ readonly outcomes: readonly PromotionOutcome[] }>(runs.promotions, "optimization.promotions").flatMap(({ outcomes: found }) => found);
  const after = (time: number): number | null => {
    const before = decisions.findLast((one) => one.kind === "promoted" && one.time < time)?.time ?? 0;
    const alarm = raised.find((one) => one.time > before && one.time <= time);
    return alarm ? (time - alarm.time) / window : null;
  };
  return {
    windows,
    metric: task === "regression" ? "rmse" : "log_loss",
    loss: { never: total(({ never }) => never), loop: metric(answered.loss, answered.n) ?? Number.NaN, every_window_all: total(({ all: every }) => every), every_window_recent: total(({ recent }) => recent ?? Number.NaN), hindsight: metric(hindsight.loss, labels) ?? Number.NaN },
    trainings: { loop: attempts.length, every_window: windows - 1, fits: decisions.reduce((sum, { evidence, kind }) => sum + (kind === "promoted" && !("fits" in evidence) ? 0 : Number(evidence["fits"] ?? 0) + (kind === "canary_started" || kind === "promoted" ? 1 : 0)), 0), hindsight: hindsight.trainings },
    alarms: raised.length,
    regret,
    promotions: outcomes.map((one) => ({ time: new Date(one.time).toISOString(), version: one.version, replaced: one.replaced, loss: metric(one.loss * one.rows, one.rows), replaced_loss: metric(one.replacedLoss * one.rows, one.rows), surely_worse: one.surelyWorse, healed: after(one.time) })),
    table: rows,
  };
}

/** The comparison for people; windows are put together so that the table has 30 lines at most. */
export function replayText({ windows, metric, loss, trainings, alarms, promotions, table: rows }: ReplaySummary): string {
  const number = (value: number | null): string => (value === null || Number.isNaN(value) ? "–" : value.toPrecision(4));
  const size = Math.ceil(rows.length / 30);
  const groups = Array.from({ length: Math.ceil(rows.length / size) }, (_, i) => rows.slice(i * size, (i + 1) * size));
  const mean = (group: readonly ReplayWindow[], of: (row: ReplayWindow) => number | null): number | null => {
    const known = group.filter((row) => of(row) !== null);
    if (known.length === 0) return null;
    const loss = known.reduce((sum, row) => sum + row.labels * (metric === "rmse" ? of(row)! ** 2 : of(row)!), 0) / known.reduce((sum, row) => sum + row.labels, 0);
    return metric === "rmse" ? Math.sqrt(loss) : loss;
  };
  const lines = groups.map((group) => [
    group.length === 1 ? String(group[0].window) : `${group[0].window}–${group.at(-1)!.window}`,
    isoDate(Date.parse(group[0].start)),
    number(mean(group, (row) => row.never)),
    number(mean(group, (row) => row.loop)),
    number(mean(group, (row) => row.every_window_all)),
    number(mean(group, (row) => row.every_window_recent)),
    "↻".repeat(group.reduce((sum, row) => sum + row.trainings, 0)),
  ]);
  const worse = promotions.filter((one) => one.surely_worse).length;
  return [
    table(["windows", "from", "never retrained", "the loop", "every window, all rows", "every window, recent rows", "retrained"], lines, ""),
    "",
    `${metric === "rmse" ? "RMSE" : "Log loss"} over ${windows} windows: ${number(loss.never)} never retrained, ${number(loss.loop)} the loop, ${number(loss.every_window_all)} and ${number(loss.every_window_recent)} retrained every window on all and on recent rows, ${number(loss.hindsight)} by the best schedule in hindsight.`,
    `The loop retrained ${trainings.loop} times (${trainings.fits} models trained) instead of ${trainings.every_window}, raised ${alarms} ${alarms === 1 ? "alarm" : "alarms"} and promoted ${promotions.length} ${promotions.length === 1 ? "model" : "models"}, ${worse === 0 ? "none" : worse} of them surely worse in the window that followed.`,
  ].join("\n");
}
