import { eventTimes } from "../../data/event-time.ts";
import { withPacked, type PackedModels } from "../../training/recipes/python/packed-models.ts";
import type { IngestOutput } from "../../data/ingest-step.ts";
import { readTable } from "../../data/read-table.ts";
import { selectRows } from "../../data/select-rows.ts";
import { scoreModel } from "../../evaluation/score.ts";
import { scored, truthOf } from "../../evaluation/scored.ts";
import type { Step, WorkerContext } from "../../stage.ts";
import { withLabels } from "../../training/train-step.ts";
import { lossesOf } from "../candidates/losses.ts";
import type { KnownVersion } from "../known-version.ts";

interface PromotionsParams {
  readonly target: string;
  readonly time: { readonly column: string; readonly hour: string | null };
  /** Length of the window after a promotion that is looked at, ms. */
  readonly window: number;
  readonly promotions: readonly { readonly time: number; readonly promoted: KnownVersion; readonly replaced: KnownVersion }[];
}

/** What became of a promotion: both models on the labelled rows of the window after it. */
export interface PromotionOutcome {
  readonly time: number;
  readonly version: number;
  readonly replaced: number;
  readonly rows: number;
  /** Mean loss of each: squared error, or log loss; 0 without rows. */
  readonly loss: number;
  readonly replacedLoss: number;
  /** The replaced model would have been better by more than chance gives in one of a hundred windows. */
  readonly surelyWorse: boolean;
}

/** One-sided 99 % of the normal distribution. */
const sure = 2.326;

/** Compares each promoted model with the one it replaced on the window that followed. */
export const promotionsStep: Step = {
  name: "optimization.promotions",
  purpose: "Compares each promoted model with the one it replaced, on the rows of the window that followed",
  version: 1,
  where: "worker",
  run: (context) => withPacked(context, (packed) => compare(context, packed)),
};

async function compare({ params, inputs, blobs, report }: WorkerContext, packed: PackedModels): Promise<{ readonly outcomes: readonly PromotionOutcome[] }> {
  const { target, time, window, promotions } = params as unknown as PromotionsParams;
  const { file } = inputs["table"] as IngestOutput;
  const table = withLabels(await readTable(await blobs.localPath(file.sha256, "the table of the dataset")), target);
  const times = eventTimes(table, time);
  const outcomes: PromotionOutcome[] = [];
  for (const [at, { time: since, promoted, replaced }] of promotions.entries()) {
    const rows = selectRows(table, Uint32Array.from(times.keys()).filter((row) => times[row] >= since && times[row] < since + window));
    const losses = async (known: KnownVersion): Promise<Float64Array> => {
      const truth = truthOf(rows, target, known.signature.task);
      return lossesOf(scored(await scoreModel(known, known.signature, rows, { blobs, packed }), truth));
    };
    const [own, other] = rows.rows === 0 ? [new Float64Array(), new Float64Array()] : [await losses(promoted), await losses(replaced)];
    const worse = own.map((loss, row) => loss - other[row]);
    const mean = (values: Float64Array): number => values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    const spread = Math.sqrt(worse.reduce((sum, value) => sum + (value - mean(worse)) ** 2, 0) / Math.max(1, rows.rows - 1) / Math.max(1, rows.rows));
    outcomes.push({ time: since, version: promoted.version, replaced: replaced.version, rows: rows.rows, loss: mean(own), replacedLoss: mean(other), surelyWorse: rows.rows > 1 && mean(worse) > sure * spread });
    report({ message: "looking at what followed each promotion", done: at + 1, total: promotions.length });
  }
  return { outcomes };
}
