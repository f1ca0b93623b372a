import type { IngestOutput } from "../../data/ingest-step.ts";
import { tableOf } from "../../data/held-table.ts";
import { selectRows } from "../../data/select-rows.ts";
import type { Table } from "../../data/types.ts";
import type { ValidateOutput } from "../../data/validate-step.ts";
import { scoreModel } from "../../evaluation/score.ts";
import { scored, truthOf } from "../../evaluation/scored.ts";
import { invalid } from "../../errors.ts";
import type { Step, WorkerContext } from "../../stage.ts";
import { inTimeOrder, part, timesOf, weightsByAge, type Holdout } from "../../training/holdout.ts";
import { fitOn, type Fit, type Making } from "../../training/fit.ts";
import { workshopOf } from "../../training/recipes/run-recipe.ts";
import type { Recipe } from "../../training/recipes/types.ts";
import { experimentOf, isRepeatable, outputOf, rowsToTrain, trainOn, type TrainOutput } from "../../training/train-step.ts";
import { withPacked, type PackedModels } from "../../training/recipes/python/packed-models.ts";
import type { Prediction } from "../../training/types.ts";
import type { Belief } from "../expected-regret.ts";
import type { KnownVersion } from "../known-version.ts";
import { believe, trifleIn } from "./belief.ts";
import { lossesOf } from "./losses.ts";
import { pairedDifference, type PairedDifference } from "./paired-difference.ts";
import { lossOfReturn, rowsBefore, unseenBefore } from "./passing-changes.ts";
import { rowSpans, type RowSpan } from "./row-spans.ts";
import { chooseYardstick, middleOf } from "./yardstick.ts";

export interface ChooseParams {
  readonly algorithm: string;
  /** The champion's, where the algorithm is `run`. */
  readonly recipe?: Recipe | null;
  readonly params: Readonly<Record<string, unknown>>;
  readonly time: string;
  /** Length of a window, ms: rows of one are not as good as independent. */
  readonly window: number;
  /** `seenUntil`, `from`: the newest row it was trained on, and the oldest (null: all there were), ms. */
  readonly champion: KnownVersion & { readonly seenUntil: number; readonly from: number | null };
  readonly archived: readonly (KnownVersion & { readonly seenUntil: number })[];
  /** When an alarm says that things changed, ms. */
  readonly changedAt: number | null;
  /** When the change began that the champion, an earlier version, came back for, ms; null of any other (`came-back-for.ts`). */
  readonly cameBackFor: number | null;
  /** How long a label takes, ms. */
  readonly labelDelay: number;
  /** How old the rows of the comparison may be beside the newest, ms; null: as old as they are. */
  readonly maxAge: number | null;
}

/** How a candidate did on the yardstick. */
export interface Candidate {
  /** Which rows it was trained on, or `version 3`. */
  readonly name: string;
  /** Rows it was trained on for this comparison; null for a version that is there already. */
  readonly rows: number | null;
  /** Champion's loss minus its own: above 0 the candidate is better; null where it could not be trained, or not be compared. */
  readonly difference: PairedDifference | null;
  /** After an alarm: the same on rows of before the change, in case that it passes. Else, of a version that is there: on the rows before the yardstick that the champion has not seen. */
  readonly before?: PairedDifference | null;
  /** Why it could not be trained, or not be compared. */
  readonly failed?: string;
}

/** What the comparison says: the rows, the champion's mean loss on them, and every candidate beside it, the best first. */
export interface Choice {
  readonly yardstick: number;
  readonly championLoss: number;
  readonly candidates: readonly Candidate[];
  /** When the change began that an alarm found, ms; null without one. */
  readonly changedAt: number | null;
  /** Of the best one: what is believed of its difference to the champion. */
  readonly belief: Belief | null;
  /** The gain that is sure of the best one: what is believed, less half its standard deviation (the best of several looks better than it is), as a share of the champion's loss; ≥ 0. */
  readonly gain: number;
  /** The oldest row the best one is trained on, ms; null: all rows. */
  readonly from: number | null;
  /** The version that is best, where it is one that is there already. */
  readonly archived: number | null;
  /** Models that were trained to find out. */
  readonly fits: number;
}

/** What `optimization.choose` hands on: the chosen model as a training does, and how to judge and to train it again. */
export type ChooseOutput = { readonly choice: Choice; readonly stop?: string } & Partial<TrainOutput & { readonly holdout: Holdout; readonly refit: Holdout }>;

/** More rows are not trained on four times over. */
const mostRowsCross = 3000;

/** Rows that are fewer than this part of the others change a model too little to train it again for them. */
const worthLearning = 0.01;

/** Trains candidates on different stretches of rows, and judges them, the versions that are there and the champion by the newest labelled rows. */
export const chooseStep: Step = {
  name: "optimization.choose",
  purpose: "Trains candidates on different stretches of the rows and compares them, and earlier versions, with the champion on the newest labelled rows",
  version: 2,
  where: "worker",
  repeatable: isRepeatable,
  run: (context) => withPacked(context, (packed) => choose(context, packed)),
};

async function choose(context: WorkerContext, packed: PackedModels): Promise<ChooseOutput> {
  const { params, inputs, seed, blobs, report } = context;
  const options = params as unknown as ChooseParams;
  const { champion, archived, changedAt, cameBackFor, window, time } = options;
  const table = inputs["table"] as IngestOutput;
  const { target, task, features: specs } = inputs["checked"] as ValidateOutput;
  const features = specs.map(({ name }) => name);
  const rows = rowsToTrain(await tableOf(table, blobs, [...new Set([...features, target, time])]), options.algorithm, target);
  const times = timesOf(rows, time);
  const ordered = inTimeOrder(times);
  const yardstick = chooseYardstick(ordered, times, { seenUntil: champion.seenUntil, changedAt, cameBackFor, maxAge: options.maxAge, window });
  if (yardstick.state === "too_few") {
    const choice: Choice = { yardstick: yardstick.rows, championLoss: 0, changedAt, candidates: [], belief: null, gain: 0, from: null, archived: null, fits: 0 };
    return { choice, stop: `there are ${yardstick.rows} labelled rows ${changedAt === null ? `that the champion has not seen${cameBackFor !== null && cameBackFor > champion.seenUntil ? `, since the last change on ${new Date(cameBackFor).toISOString()}` : ""}` : `since ${new Date(changedAt).toISOString()}`}, and comparing takes ${yardstick.needed}` };
  }
  const making: Making = { algorithm: options.algorithm, params: options.params, recipe: options.recipe ?? null, time, table, features, target, task, seed };
  const workshop = workshopOf(context, { experimentId: experimentOf(inputs), part: null, packed });
  const losses = (prediction: Prediction, of: Table): Float64Array => lossesOf(scored(prediction, truthOf(of, target, task)));
  const calmRows = changedAt === null ? unseenBefore(yardstick.before, times, champion.seenUntil, cameBackFor) : rowsBefore(ordered, times, champion.seenUntil, changedAt);
  const calm = part(rows, calmRows);
  // The rows of the yardstick, then those of before the change, or of before the yardstick: both are asked about in one go.
  const askedRows = Uint32Array.from([...yardstick.rows, ...calmRows]);
  const asked = selectRows(rows, askedRows);
  const windows = Float64Array.from(askedRows, (row) => Math.floor(times[row] / window));
  const ofKnown = async (known: KnownVersion): Promise<Float64Array> => losses(await scoreModel(known, known.signature, asked, { blobs, packed }), asked);
  const ofChampion = await ofKnown(champion);
  /** The differences at places of `asked` from `from` up to `until`, whose losses begin at `others[0]`; of rows newer than `seenUntil` alone, where that is given. */
  const paired = (others: Float64Array, from: number, until: number, seenUntil?: number): PairedDifference => {
    const unseen = Uint32Array.from({ length: until - from }, (_, at) => at).filter((at) => seenUntil === undefined || times[askedRows[from + at]] > seenUntil);
    return pairedDifference(Float64Array.from(unseen, (at) => ofChampion[from + at] - others[at]), Float64Array.from(unseen, (at) => windows[from + at]));
  };
  const onYardstick = (others: Float64Array, seenUntil?: number): PairedDifference => paired(others, 0, yardstick.rows.length, seenUntil);
  const onCalm = (others: Float64Array, seenUntil?: number): { readonly before?: PairedDifference } => {
    const before = paired(others, yardstick.rows.length, askedRows.length, seenUntil);
    return before.n === 0 ? {} : { before };
  };
  /** The same of a version that is there, on rows that neither it nor the champion was trained on. */
  const compareKnown = (others: Float64Array, seenUntil: number): Pick<Candidate, "difference" | "before" | "failed"> => {
    const difference = onYardstick(others, seenUntil);
    if (difference.n < yardstick.needed) return { difference: null, failed: `it was trained on ${yardstick.rows.length - difference.n} of the ${yardstick.rows.length} rows` };
    return { difference, ...onCalm(others.subarray(yardstick.rows.length), seenUntil) };
  };
  const lasted = changedAt === null ? 0 : (times[ordered[ordered.length - 1]] - changedAt) / window;
  let fits = 0;
  const weigh = (on: Uint32Array, { halfLife }: RowSpan): { readonly weights?: Float64Array } => (halfLife === null ? {} : { weights: weightsByAge(Float64Array.from(on, (row) => times[row]), halfLife) });
  const fit = async (on: Uint32Array, span: RowSpan, name: string = span.name): Promise<Fit> => {
    const model = await fitOn(part(rows, on), { ...making, ...weigh(on, span) }, { ...workshop, part: `candidate ${fits + 1}: ${name}` }, blobs);
    fits += 1;
    // A class that a stretch of rows lacks is still a class.
    if ((model.signature.classes?.length ?? 0) < (champion.signature.classes?.length ?? 0)) throw invalid("training.class_missing", `its rows hold ${model.signature.classes?.length} of ${champion.signature.classes?.length} classes`);
    return model;
  };
  interface Tried extends Candidate {
    readonly span: RowSpan | null;
    readonly version: number | null;
    readonly model: Fit | null;
  }
  const cross = yardstick.parts.length > 1;
  const spanRows = (of: Uint32Array, { from }: RowSpan): Uint32Array => (from === null ? of : of.filter((row) => times[row] >= from));
  // As it would be in production: for the newer half of the yardstick the older half is there to learn from.
  const half = middleOf(yardstick.rows, (row) => Math.floor(times[row] / window));
  const newer = part(rows, yardstick.rows.subarray(half));
  const inOrder = async (span: RowSpan): Promise<{ readonly model: Fit; readonly losses: Float64Array; readonly rows: number }> => {
    const older = spanRows(yardstick.before, span);
    const model = await fit(older, span);
    const found = losses(await model.predict(asked), asked);
    if (half >= older.length * worthLearning && newer.rows > 0) {
      const later = await fit(Uint32Array.from([...older, ...yardstick.rows.subarray(0, half)]), span, `${span.name}, and later`);
      found.set(losses(await later.predict(newer), newer), half);
    }
    return { model, losses: found, rows: older.length };
  };
  const broken: unknown[] = [];
  const tryRows = async (span: RowSpan): Promise<Tried> => {
    const about = { name: span.name, span, version: null, model: null };
    const on = spanRows(cross ? ordered : yardstick.before, span);
    try {
      if (!cross || on.length > mostRowsCross) {
        // The rows since a change are few beside these: they are not held out four times over.
        const { model, losses: found, rows: trainedOn } = await inOrder(span);
        // Without an alarm the rows before the yardstick are those it was trained on.
        return { ...about, rows: trainedOn, difference: onYardstick(found), ...(changedAt !== null && onCalm(found.subarray(yardstick.rows.length))), ...(!cross && { model }) };
      }
      const position = new Map([...yardstick.rows].map((row, at) => [row, at]));
      const all = new Float64Array(yardstick.rows.length);
      for (const held of yardstick.parts) {
        const out = new Set(held);
        const heldRows = part(rows, held);
        const model = await fit(on.filter((row) => !out.has(row)), span);
        const found = losses(await model.predict(heldRows), heldRows);
        for (const [at, row] of held.entries()) all[position.get(row)!] = found[at];
      }
      return { ...about, rows: on.length, difference: onYardstick(all), ...(calm.rows > 0 && onCalm(losses(await (await fit(on, span, `${span.name}, whole`)).predict(calm), calm))) };
    } catch (error) {
      broken.push(error);
      return { ...about, rows: on.length, difference: null, failed: error instanceof Error ? error.message : String(error) };
    }
  };
  const tried: Tried[] = [];
  // A command is told of no weights.
  const spans = rowSpans(Float64Array.from(yardstick.before, (row) => times[row]), champion.from, changedAt, cameBackFor).filter(({ halfLife }) => halfLife === null || options.algorithm !== "run");
  for (const [at, span] of spans.entries()) {
    report({ message: `comparing on ${yardstick.rows.length} rows: ${span.name}`, done: at, total: spans.length });
    tried.push(await tryRows(span));
  }
  // A command that fails whatever the rows is no worse than the champion: it is broken.
  if (options.algorithm === "run" && broken.length > 0 && broken.length === spans.length) throw broken[0];
  for (const known of archived) tried.push({ name: `version ${known.version}`, rows: null, ...compareKnown(await ofKnown(known), known.seenUntil), span: null, version: known.version, model: null });
  /** What is won while the change lasts, less what is lost if it passes, per row of the former. Without a change: by the yardstick alone and by all unseen rows, whichever is less. */
  const worth = ({ difference, before: then }: Candidate): number => {
    if (!difference) return Number.NEGATIVE_INFINITY;
    if (changedAt !== null) return difference.mean - lossOfReturn(then?.mean ?? 0, lasted, options);
    return then ? Math.min(difference.mean, (difference.n * difference.mean + then.n * then.mean) / (difference.n + then.n)) : difference.mean;
  };
  const ranked = tried.toSorted((a, b) => worth(b) - worth(a));
  const best = ranked[0];
  const championLoss = ofChampion.subarray(0, yardstick.rows.length).reduce((sum, loss) => sum + loss, 0) / yardstick.rows.length;
  const believed = best?.difference ? believe({ ...best.difference, mean: worth(best) }, championLoss, ranked.length) : null;
  const gain = believed && championLoss > 0 ? Math.max(0, believed.mean - believed.sd / 2) / championLoss : 0;
  const choice: Choice = {
    yardstick: yardstick.rows.length,
    championLoss,
    changedAt,
    candidates: ranked.map(({ name, rows: trainedOn, difference, before: then, failed }) => ({ name, rows: trainedOn, difference, ...(then && { before: then }), ...(failed !== undefined && { failed }) })),
    belief: believed,
    gain,
    from: best?.span?.from ?? null,
    archived: best?.version ?? null,
    fits,
  };
  const onRows = `on the ${yardstick.rows.length} newest labelled rows`;
  if (!best?.difference || !believed || !(believed.mean > 0)) return { choice, stop: `no candidate is better than the champion ${onRows}` };
  const trifle = trifleIn(worth(best), championLoss);
  if (trifle !== undefined) return { choice: { ...choice, gain: 0, belief: null }, stop: `${best.name} is the best ${onRows}, ${trifle}` };
  if (best.version !== null) return { choice, stop: `version ${best.version}, which is there already, is the best ${onRows}` };
  const held = cross ? Math.max(1, Math.round(yardstick.rows.length / 3)) : yardstick.rows.length;
  const on = spanRows(ordered.slice(0, ordered.length - held), best.span!);
  const output = best.model
    ? await outputOf({ ...best.model, seconds: 0 }, part(rows, on), making, { losses: [], baseline: false }, blobs)
    : await trainOn(part(rows, on), { ...making, ...weigh(on, best.span!), baseline: false }, workshop, blobs);
  const { from, halfLife } = best.span!;
  return { ...output, choice, holdout: { by: "newest", column: time, rows: held, from }, refit: { by: "none", ...(from !== null && { since: { column: time, from } }), ...(halfLife !== null && { halfLife: { column: time, ms: halfLife } }) } };
}
