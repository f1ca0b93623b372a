// How often drift is said of windows in which nothing changed, and of windows in which something did, on made streams:
// node bench/monitoring/drift-rates.ts [--repeats N] [--json]
// Each stream is drawn anew `--repeats` times: a reference, then windows of the same process, judged as `measureDrift` judges a model with that one feature.
import { parseArgs } from "node:util";
import type { Column } from "../../src/data/types.ts";
import { compareWindow, judgeFeatures, reachOf } from "../../src/monitoring/drift/compare-window.ts";
import { slotOf } from "../../src/monitoring/drift/cycles.ts";
import { codesOf, referenceOf } from "../../src/monitoring/drift/reference.ts";
import { timeReferenceOf } from "../../src/monitoring/drift/time-reference.ts";
import type { FeatureReference } from "../../src/monitoring/types.ts";
import { seededRandom, type Random } from "../../src/training/random.ts";
import { changes, streams, type MadeStream } from "./drift-streams.ts";

const { values: options } = parseArgs({ options: { repeats: { type: "string", default: "200" }, json: { type: "boolean" }, only: { type: "string" }, times: { type: "string", default: "yes" } } });
const day = 86_400_000;
const config = { method: "psi", threshold: 0.2, window: 7 * day, share: 0.5, exclude: [], minRows: 1, gaps: 0.1, falseAlarms: 0.01 } as const;

interface Drawn {
  readonly times: Float64Array;
  readonly values: readonly (number | string | null)[];
}

function columnOf({ values }: Drawn): Column {
  if (!values.some((value) => typeof value === "string")) return { name: "x", type: "number", values: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))) };
  const dictionary = [...new Set(values.filter((value) => value !== null).map(String))].sort();
  const code = new Map(dictionary.map((text, at) => [text, at]));
  return { name: "x", type: "category", codes: Int32Array.from(values, (value) => (value === null ? -1 : code.get(String(value))!)), dictionary };
}

/** One world: the rows of the reference and of the windows after it. */
function draw(stream: MadeStream, random: Random): { readonly reference: Drawn; readonly windows: readonly Drawn[] } {
  const value = stream.process(random);
  const perDay = stream.perDay;
  const start = Date.UTC(2023, 0, 1) + Math.floor(random() * 365) * day;
  const at = (from: number, days: number): Drawn => {
    const times = Float64Array.from({ length: Math.round(days * perDay) }, (_, row) => from + Math.floor(((row + 0.5) * day) / perDay));
    return { times, values: Array.from(times, (time) => value(time)) };
  };
  const reference = at(start, stream.history);
  const windows: Drawn[] = [];
  for (let n = 0; n < stream.windows; n++) windows.push(at(start + (stream.history + n * stream.window) * day, stream.window));
  return { reference, windows };
}

function judge(one: FeatureReference, rows: number, span: { from: number; until: number }, window: Drawn, before: readonly number[] | undefined, threshold: number): { counts: readonly number[]; drifted: boolean; gaps: boolean; unsettled: boolean; chance: number } {
  const column = columnOf(window);
  const codes = codesOf(column, one);
  const counts = Array.from({ length: one.shares.length }, () => 0);
  let [missing, unseen, beyond] = [0, 0, 0];
  const mix = new Map<number, number>();
  const reach = reachOf(one, span, window.times.at(-1)!);
  for (const [row, code] of codes.entries()) {
    const value = window.values[row];
    if (code === counts.length) missing++;
    else if (one.type === "category" && !one.categories.includes(String(value)) && one.shares.at(-1) === 0) unseen++;
    else counts[code]++;
    if (reach && value !== null && (Number(value) < reach.low || Number(value) > reach.high)) beyond++;
    if (one.time && one.time.cycles.length > 0) {
      const slot = slotOf(one.time.cycles, window.times[row]);
      mix.set(slot, (mix.get(slot) ?? 0) + 1);
    }
  }
  const [found] = judgeFeatures({ ...config, threshold }, [compareWindow(config.method, one, rows, { counts, missing, unseen, mix, beyond, before })]);
  return { counts: [...counts, missing, unseen], drifted: found.drifted, gaps: found.gaps === true, unsettled: found.unsettled === true, chance: found.chance! };
}

function measure(stream: MadeStream): Record<string, number | string> {
  const random = seededRandom(Array.from(stream.name).reduce((hash, letter) => (hash * 31 + letter.charCodeAt(0)) | 0, 7));
  const sums = { windows: 0, chance: 0, drifted: 0, unsettled: 0, seasonal: 0, power: 0, powerWindows: 0 };
  const found = new Map<string, [number, number]>();
  for (let repeat = 0; repeat < Math.max(4, Math.ceil(Number(options.repeats) / (stream.cost ?? 1))); repeat++) {
    const { reference, windows } = draw(stream, random);
    const column = columnOf(reference);
    const bare = referenceOf(column);
    const time = options.times === "yes" ? timeReferenceOf(codesOf(column, bare), bare.shares.length + 1, { times: reference.times, window: stream.window * day, resolution: 1 }) : undefined;
    const one: FeatureReference = time ? { ...bare, time } : bare;
    const span = { from: reference.times[0], until: reference.times.at(-1)! };
    if (time && time.cycles.length > 0) sums.seasonal++;
    const first = time?.unsettled ? [...time.unsettled.latest, 0] : undefined;
    let before: readonly number[] | undefined = first;
    for (const window of windows) {
      const strict = judge(one, reference.times.length, span, window, before, 0);
      sums.windows++;
      if (strict.chance <= 0.01 || (strict.unsettled && strict.drifted)) sums.chance++;
      const usual = judge(one, reference.times.length, span, window, before, config.threshold);
      before = strict.counts;
      if (usual.drifted || usual.gaps) sums.drifted++;
      if (strict.unsettled) sums.unsettled++;
    }
    const change = changes[stream.change ?? ""];
    if (change) {
      // The first window after the change, four times over.
      for (const [at, window] of windows.slice(0, 4).entries()) {
        const previous = at === 0 ? first : judge(one, reference.times.length, span, windows[at - 1], undefined, 0).counts;
        const moved: Drawn = { times: window.times, values: window.values.map((value) => change(value, random)) };
        const { drifted, gaps } = judge(one, reference.times.length, span, moved, previous, config.threshold);
        const before = found.get(stream.change!) ?? [0, 0];
        found.set(stream.change!, [before[0] + (drifted || gaps ? 1 : 0), before[1] + 1]);
      }
    }
  }
  const repeats = Math.max(4, Math.ceil(Number(options.repeats) / (stream.cost ?? 1)));
  const percent = (share: number): number => Number((100 * share).toFixed(2));
  const [power] = [...found.values()].map(([yes, all]) => percent(yes / all));
  return {
    stream: stream.name,
    reference: `${stream.history} days`,
    window: stream.window < 1 ? `${stream.window * 24} h` : `${stream.window} d`,
    rows: Math.round(stream.perDay * stream.window),
    windows: sums.windows,
    beyondChance: percent(sums.chance / sums.windows),
    drifted: percent(sums.drifted / sums.windows),
    seasonal: percent(sums.seasonal / repeats),
    unsettled: percent(sums.unsettled / sums.windows),
    change: stream.change ?? "",
    seen: power ?? "",
  };
}

const columns = ["stream", "reference", "window", "rows", "windows", "beyondChance", "drifted", "seasonal", "unsettled", "change", "seen"];
if (!options.json) console.log(`| stream | reference | window | rows | windows judged | beyond chance, % | drifted, % | compared by season, % | by the window before, % | change | seen, % |\n|${"---|".repeat(columns.length)}`);
for (const stream of streams.filter(({ name }) => options.only === undefined || name.includes(options.only))) {
  const line = measure(stream);
  console.log(options.json ? JSON.stringify(line) : `| ${columns.map((column) => line[column]).join(" | ")} |`);
}
