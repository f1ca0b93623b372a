import { blocksOf, residuals, type Blocks, type Vectors } from "./blocks.ts";
import { cycles, phaseOf, slotOf, slotsOf, type CycleName } from "./cycles.ts";
import { expectedShares, type Expected, type SlotTable } from "./expected-shares.ts";
import { chanceOfGroups, chanceOfSlowness } from "./season-tests.ts";
import { chanceOfSpread, fewestBlocks, spreadOf, type Spread } from "./spread.ts";

/** What time does to a column, as its reference shows it. */
export interface TimeReference {
  /** The seasons that explain it; none where it has none. */
  readonly cycles: readonly CycleName[];
  /** For each slot of the seasons the rows in each bin of the reference, the last bin being what is missing; empty without seasons. */
  readonly slots: readonly (readonly number[])[];
  /** How much windows differ; null where too few of them are there to tell. */
  readonly spread: Spread | null;
  /**
   * What it does in a year is not in the reference: that covers less than a year, and the column moves on the scale of all of it, or moves at all where it covers
   * less than half a year, which would show a season wherever it begins. Windows are then compared with the one before.
   */
  readonly unsettled: Unsettled | null;
}

/** How windows of an unsettled column follow each other. */
export interface Unsettled {
  /** How much a window differs from the one before; null where too few are there to tell. */
  readonly step: Spread | null;
  /** The newest window of the reference: its end, ms, and its rows in each bin. */
  readonly until: number;
  readonly latest: readonly number[];
}

/** When the rows of a reference happened, and the windows they will be compared with. */
export interface RowTimes {
  /** Of each row, ms; NaN where it is not known. */
  readonly times: Float64Array;
  /** The length of a drift window, ms. */
  readonly window: number;
  /** The finest difference of times, ms: a day where the time is a date. */
  readonly resolution: number;
}

/** A season counts, and movement is no chance, where chance alone would show it in one of a hundred references. */
const error = 0.01;
/** Below this share of rows with a time, the times say nothing of the whole. */
const leastTimed = 0.9;
/** Rows that a window of the reference must have on average. */
const fewestRows = 10;
/** Windows whose spread is measured: the newest. */
const mostBlocks = 5000;
/** How many windows a reference is cut into at least, where its rows suffice: shorter ones differ more, so that their spread is on the safe side. */
const wantedBlocks = 8;

/**
 * What time does to a column: whether hour, weekday or time of year explain its values (where the reference covers two days, two weeks, a year), and how much
 * windows differ for all that. Undefined where no time is known.
 *
 * @param codes the bin of each row
 * @param bins how many bins there are
 */
export function timeReferenceOf(codes: Int32Array, bins: number, { times, window, resolution }: RowTimes): TimeReference | undefined {
  let [from, until, timed] = [Infinity, -Infinity, 0];
  for (const time of times) {
    if (Number.isNaN(time)) continue;
    timed++;
    if (time < from) from = time;
    if (time > until) until = time;
  }
  const span = until - from;
  if (timed < leastTimed * times.length || !(span > 0)) return undefined;
  const length = blockLength(span, timed, window, resolution);
  if (length === undefined) return { cycles: [], slots: [], spread: null, unsettled: null };
  const cut = (size: number): Blocks => blocksOf(codes, bins, times, { until, length: size, most: mostBlocks });
  const blocks = cut(length);
  const fine = fineCycles(cut, { span, window, resolution, length });
  let compared = compare(blocks, codes, times, fine);
  const years = span / cycles.year.period;
  const spread = (): Spread | null => (blocks.count < fewestBlocks ? null : spreadOf(blocks, compared.expected, compared.vectors));
  // Windows that differ no more than their rows explain have nothing that time could.
  const beyondRows = chanceOfSpread(blocks, compared.expected, compared.vectors) <= error;
  if (years < 0.98) {
    const moves = beyondRows && (years < 0.49 || chanceOfSlowness(compared.vectors, 1, 2) <= error);
    return { ...described(compared.table), spread: spread(), unsettled: moves ? stepsOf(blocks, until) : null };
  }
  const waves = 2 * Math.round(years);
  if (beyondRows && chanceOfSlowness(compared.vectors, waves - 1, waves + 1) <= error) compared = compare(blocks, codes, times, [...(fine[0] === "hour_of_week" ? (["hour"] as const) : fine), "year"]);
  return { ...described(compared.table), spread: spread(), unsettled: null };
}

/** The seasons of a table, and its rows where there are any. */
const described = ({ cycles: names, bins, counts }: SlotTable): Pick<TimeReference, "cycles" | "slots"> => ({
  cycles: names,
  slots: names.length === 0 ? [] : Array.from({ length: slotsOf(names) }, (_, slot) => Array.from({ length: bins }, (_, bin) => counts[slot * bins + bin])),
});

/** Each block beside the one before. */
function stepsOf(blocks: Blocks, until: number): Unsettled {
  const { bins } = blocks;
  const rowsOf = (block: number): Float64Array => blocks.counts.subarray(block * bins, (block + 1) * bins);
  const later: Blocks = { ...blocks, count: blocks.count - 1, rows: blocks.rows.subarray(1), counts: blocks.counts.subarray(bins), middles: blocks.middles.subarray(1) };
  const before = Array.from({ length: later.count }, (_, block) => ({ shares: rowsOf(block).map((count) => count / blocks.rows[block]), rows: blocks.rows[block] }));
  return { step: later.count < fewestBlocks ? null : spreadOf(later, before, residuals(later, before.map(({ shares }) => shares))), until, latest: [...rowsOf(blocks.count - 1)] };
}

/** As long as the windows to come, shorter where the reference would have too few of them, longer where they would have too few rows. */
function blockLength(span: number, rows: number, window: number, resolution: number): number | undefined {
  const most = Math.floor(rows / fewestRows);
  if (most < fewestBlocks) return undefined;
  // The oldest and the newest row are in it, too.
  return Math.max(resolution, span / most, Math.min(window, ((1 + 1 / rows) * span) / wantedBlocks));
}

/** The seasons of a day and of a week that explain a column: those that a window does not hold as a whole. */
function fineCycles(cut: (length: number) => Blocks, { span, window, resolution, length }: { span: number; window: number; resolution: number; length: number }): CycleName[] {
  const explains = (name: "hour" | "weekday"): boolean => {
    const { period, slots } = cycles[name];
    const slot = period / slots;
    if (window >= period || window % period === 0 || span < 2 * period || resolution > slot) return false;
    const size = Math.max(slot, name === "hour" ? window : Math.ceil(window / slot) * slot, length > slot ? length : 0);
    const groups = Math.min(slots, Math.floor(period / size));
    if (groups < 2) return false;
    const blocks = cut(size);
    const whole = new Float64Array(blocks.bins);
    for (let at = 0; at < blocks.counts.length; at++) whole[at % blocks.bins] += blocks.counts[at];
    const rows = whole.reduce((sum, count) => sum + count, 0);
    const shares = whole.map((count) => count / rows);
    const expected = Array.from({ length: blocks.count }, () => ({ shares, rows }));
    const vectors = residuals(blocks, expected.map((one) => one.shares));
    return chanceOfSpread(blocks, expected, vectors) <= error && chanceOfGroups(vectors, Array.from(blocks.middles, (middle) => Math.floor(phaseOf(middle, period) / (period / groups)))) <= error;
  };
  const [hour, weekday] = [explains("hour"), explains("weekday")];
  return hour && weekday ? ["hour_of_week"] : hour ? ["hour"] : weekday ? ["weekday"] : [];
}

/** Each block beside the others, season by season. */
function compare(blocks: Blocks, codes: Int32Array, times: Float64Array, names: readonly CycleName[]): { readonly table: SlotTable; readonly expected: readonly Expected[]; readonly vectors: Vectors } {
  const { bins } = blocks;
  const counts = new Float64Array(slotsOf(names) * bins);
  const mixes = Array.from({ length: blocks.count }, () => new Map<number, number>());
  const owns = Array.from({ length: blocks.count }, () => new Map<number, Float64Array>());
  for (let block = 0; names.length === 0 && block < blocks.count; block++) {
    mixes[block].set(0, blocks.rows[block]);
    owns[block].set(0, blocks.counts.subarray(block * bins, (block + 1) * bins));
  }
  for (let row = 0; row < codes.length; row++) {
    if (Number.isNaN(times[row])) continue;
    if (names.length === 0) {
      counts[codes[row]]++;
      continue;
    }
    const slot = slotOf(names, times[row]);
    counts[slot * bins + codes[row]]++;
    const block = blocks.of[row];
    if (block < 0) continue;
    mixes[block].set(slot, (mixes[block].get(slot) ?? 0) + 1);
    let own = owns[block].get(slot);
    if (!own) owns[block].set(slot, (own = new Float64Array(bins)));
    own[codes[row]]++;
  }
  const table: SlotTable = { cycles: names, bins, counts };
  const expected = mixes.map((mix, block) => expectedShares(table, mix, owns[block]));
  return { table, expected, vectors: residuals(blocks, expected.map(({ shares }) => shares)) };
}
