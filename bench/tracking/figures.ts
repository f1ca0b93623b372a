import { quantile, type Load } from "./load.ts";

/** What was measured of one contender, by the name of the measurement. */
export type Figures = Readonly<Record<string, Figure>>;

export interface Figure {
  readonly value: number;
  /** Of times and memory less is better; of rates, more. */
  readonly unit: "ms" | "s" | "/s" | "MB" | "MB/s";
  readonly note?: string;
}

export const latency = (loaded: Load): Figure => ({
  value: quantile(loaded.latencies, 0.5),
  unit: "ms",
  note: `p95 ${quantile(loaded.latencies, 0.95).toFixed(2)}, n ${loaded.latencies.length}`,
});

export const rate = (loaded: Load): Figure => ({ value: loaded.perSecond, unit: "/s", note: `p50 ${quantile(loaded.latencies, 0.5).toFixed(2)} ms` });

/** The median of some times. */
export async function median(times: number, work: () => Promise<unknown>): Promise<Figure> {
  const taken: number[] = [];
  for (let i = 0; i < times; i++) {
    const begun = performance.now();
    await work();
    taken.push(performance.now() - begun);
  }
  return { value: quantile(taken.toSorted((a, b) => a - b), 0.5), unit: "ms", note: `n ${times}` };
}

const digits = ({ value, unit }: Figure): string => (unit === "ms" ? value.toFixed(value < 10 ? 2 : 1) : unit === "s" ? value.toFixed(1) : value.toFixed(0));
const cell = (figure: Figure | undefined): string => (figure ? `${digits(figure)} ${unitOf(figure)}${figure.note ? ` (${figure.note})` : ""}` : "–");
const unitOf = ({ unit }: Figure): string => unit;

/** A table in Markdown: a row for each measurement, a column for each contender; the ratio is ours to the best of the others. */
export function printTable(titles: readonly string[], columns: readonly Figures[]): void {
  console.log(`| | ${titles.join(" | ")} | ratio |\n|${"---|".repeat(titles.length + 2)}`);
  const ours = columns.at(-1)!;
  for (const [name, figure] of Object.entries(ours)) {
    const others = columns.slice(0, -1).flatMap((column) => (column[name] ? [column[name].value] : []));
    const less = figure.unit !== "/s" && figure.unit !== "MB/s";
    const ratio = others.length === 0 ? "" : `${(less ? Math.min(...others) / figure.value : figure.value / Math.max(...others)).toFixed(1)}×`;
    console.log(`| ${name} | ${columns.map((column) => cell(column[name])).join(" | ")} | ${ratio} |`);
  }
}
