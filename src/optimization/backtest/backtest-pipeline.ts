import type { PipelineSpec, PipelineStep } from "../../stage.ts";
import type { TrainedVersion } from "../../registry/types.ts";
import type { Recipe } from "../../training/recipes/types.ts";
import { json, knownVersion } from "../known-version.ts";
import type { Loop } from "../types.ts";
import type { PastParams } from "./past.ts";

/** How many periods one backtest step computes: what a crash can cost. */
const chunk = 12;

/** At most so many models are kept for the schedule that is best in hindsight. */
const mostScheduled = 91;

/** What a backtest computes. */
export interface Backtest {
  readonly periods: number;
  /** Milliseconds. */
  readonly period: number;
  /** The column that says when labels came; null: after the project's delay. */
  readonly arrivals: string | null;
  /** Also the policy of recent stretches and the schedule that is best in hindsight. */
  readonly thorough: boolean;
  /** Of the loop's first version, where a command trains; null else. */
  readonly recipe: Recipe | null;
}

const ingest = ({ project: { data } }: Loop): PipelineStep => ({
  id: "ingest",
  step: "data.ingest",
  params: json({ source: data.source, filter: null, target: data.target, reading: data.reading ?? {} }),
  needs: {},
});

const spec = (loop: Loop, name: string, steps: PipelineStep[]): PipelineSpec => ({ name, model: loop.endpoint, trigger: "replay", actor: "local", seed: loop.project.train.seed, steps: [ingest(loop), ...steps] });

/** The policies the loop is compared with, in chunks one after another, so that they take one worker and resume where they were. */
export function backtestPipeline(loop: Loop, { periods, period, arrivals, thorough, recipe }: Backtest): PipelineSpec {
  const { project } = loop;
  const past: PastParams = {
    target: project.data.target,
    task: loop.task,
    features: loop.features.map((feature) => feature.name),
    time: project.data.time!,
    algorithm: project.train.algorithm,
    ...(recipe && { recipe }),
    params: project.train.params,
    start: loop.startedAt,
    period,
    labelDelay: project.monitor.labelDelay,
    arrivals,
  };
  const chunks = Array.from({ length: Math.ceil(periods / chunk) }, (_, i) => ({ from: i * chunk, until: Math.min(periods, (i + 1) * chunk) }));
  const schedule = thorough ? Math.ceil(periods / mostScheduled) : 0;
  return spec(loop, "backtest", [
    ...(thorough ? [{ id: "stretch", step: "optimization.recent_stretch", params: json({ ...past, periods }), needs: { table: "ingest" } }] : []),
    ...chunks.map(({ from, until }, i) => ({
      id: `periods-${from}-${until}`,
      step: "optimization.backtest",
      params: json({ ...past, periods, from, until, schedule }),
      needs: { table: "ingest", ...(thorough && { stretch: "stretch" }) },
      after: i === 0 ? [] : [`periods-${chunks[i - 1].from}-${chunks[i - 1].until}`],
    })),
  ]);
}

/** What became of promotions, on the rows of the source that followed them. */
export function promotionsPipeline(loop: Loop, promotions: readonly { readonly time: number; readonly promoted: TrainedVersion; readonly replaced: TrainedVersion }[]): PipelineSpec {
  const { project } = loop;
  const compared = promotions.map(({ time, promoted, replaced }) => ({ time, promoted: knownVersion(promoted), replaced: knownVersion(replaced) }));
  return spec(loop, "promotions", [
    { id: "promotions", step: "optimization.promotions", params: json({ target: project.data.target, time: project.data.time!, window: project.monitor.window, promotions: compared }), needs: { table: "ingest" } },
  ]);
}
