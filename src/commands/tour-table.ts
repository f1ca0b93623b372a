import colors from "picocolors";
import { table } from "../cli/table.ts";
import { isoDate } from "../clock.ts";
import type { DataRoutes } from "../data/routes.ts";
import { client } from "../http/client.ts";
import { addErrors, metricsOf, noErrors } from "../monitoring/error-sums.ts";
import type { MonitoringRoutes } from "../monitoring/routes.ts";
import type { BacktestOutput, PeriodLosses } from "../optimization/backtest/backtest-step.ts";
import type { OptimizationRoutes } from "../optimization/routes.ts";
import type { Loop } from "../optimization/types.ts";
import type { PipelineRoutes } from "../pipelines/routes.ts";

/** A week, the period policies are compared by. */
export const period = 604_800_000;

export interface TourWeek {
  readonly week: number;
  readonly start: string;
  readonly never: number;
  readonly loop: number;
  readonly weekly: number;
  /** Retrainings of the loop that began in this week. */
  readonly retrainings: number;
}

export interface TourSummary {
  readonly weeks: number;
  /** Means over the weeks. */
  readonly rmse: { readonly never: number; readonly loop: number; readonly weekly: number };
  readonly retrainings: { readonly loop: number; readonly weekly: number };
  readonly table: readonly TourWeek[];
}

export interface Tour {
  readonly loop: Loop;
  readonly summary: TourSummary;
  /** A row of the data, to try the endpoint with. */
  readonly example: Readonly<Record<string, unknown>>;
}

/** Reads what the tour measured: the loop's error from the monitor (what clients got), the policies' from the backtest. */
export async function readTour(server: string, loop: Loop, weeks: number, backtest: string): Promise<Tour> {
  const { endpoint, startedAt } = loop;
  const run = await client<PipelineRoutes>(server, "pipelines")("GET /runs/:id", { params: { id: backtest } });
  const chunks = run.steps.filter((step) => step.step === "optimization.backtest").map((step) => step.output as unknown as BacktestOutput);
  const policies = new Map(chunks.flatMap(({ periods }) => periods).map((one) => [one.period, one]));
  const rmseOf = (k: number, of: (losses: PeriodLosses) => number): number => {
    const losses = policies.get(k);
    return losses ? Math.sqrt(of(losses) / losses.rows) : Number.NaN;
  };
  const monitoring = client<MonitoringRoutes>(server, "monitoring");
  const { windows } = await monitoring("GET /monitors/:endpoint/errors", { params: { endpoint }, query: { variant: "served" } });
  const { decisions } = await client<OptimizationRoutes>(server, "optimization")("GET /loops/:endpoint/decisions", { params: { endpoint }, query: {} });
  const alarms = decisions.filter((decision) => decision.kind === "alarm" && decision.time < startedAt + weeks * period);
  const rows = Array.from({ length: weeks }, (_, k): TourWeek => {
    const [from, until] = [startedAt + k * period, startedAt + (k + 1) * period];
    const sums = windows.filter((window) => window.start >= from && window.end <= until).reduce((sum, window) => addErrors(sum, window.sums), noErrors);
    return {
      week: k + 1,
      start: isoDate(from),
      never: rmseOf(k, (losses) => losses.never),
      loop: metricsOf(loop.task, sums)["rmse"] ?? Number.NaN,
      weekly: rmseOf(k, (losses) => losses.all),
      retrainings: alarms.filter((alarm) => alarm.time >= from && alarm.time < until).length,
    };
  });
  const mean = (of: (week: TourWeek) => number): number => rows.reduce((sum, week) => sum + of(week), 0) / rows.length;
  const first = await client<DataRoutes>(server, "data")("GET /versions/:id/rows", { params: { id: loop.baseDataset }, query: { limit: 1 } });
  return {
    loop,
    summary: {
      weeks,
      rmse: { never: mean((week) => week.never), loop: mean((week) => week.loop), weekly: mean((week) => week.weekly) },
      // The first week of the ceiling is served by the model that all three begin with.
      retrainings: { loop: alarms.length, weekly: weeks - 1 },
      table: rows,
    },
    example: first.rows[0] ?? {},
  };
}

/** The comparison for people. */
export function closingTable({ summary }: Tour): string {
  const { rmse, retrainings, weeks } = summary;
  const rows = summary.table.map((week) => [week.week, week.start, week.never.toFixed(1), week.loop.toFixed(1), week.weekly.toFixed(1), week.retrainings === 0 ? "" : "↻".repeat(week.retrainings)]);
  return [
    table(["week", "from", "never retrained", "the loop", "every week", "retrained"], rows, ""),
    "",
    `Mean RMSE over ${weeks} weeks: ${rmse.never.toFixed(1)} never retrained, ${colors.bold(`${rmse.loop.toFixed(1)} the loop`)}, ${rmse.weekly.toFixed(1)} retrained every week.`,
    `The loop is ${percent(1 - rmse.loop / rmse.never)} below never retraining and ${percent(rmse.loop / rmse.weekly - 1)} above the ceiling, with ${retrainings.loop} retrainings instead of ${retrainings.weekly}.`,
  ].join("\n");
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;
