import type { Candidate, Made } from "./convert-model.ts";
import { CannotRun, openGraph, type Graph } from "./run-graph.ts";

/** How far the answers of a graph are from those of the model it was made of. */
export interface Compared {
  /** Rows of the input example. */
  readonly rows: number;
  /** Rows that were made up beside it. */
  readonly made: number;
  /** The greatest absolute difference of a number on the example; on the made rows where there is none. */
  readonly difference: number;
  /** The greatest difference of a number over all rows, as a share of the number itself or of `scale`, whichever is greater. */
  readonly share: number;
  /** Rows with another label, all of which are within rounding of two classes. */
  readonly differentLabels: number;
  /** Made rows that the model itself refuses, so that there is nothing to compare. */
  readonly refused: number;
  /** Rows of the example that the model itself answers otherwise when their numbers are rounded to float32. */
  readonly rounded: number;
  /** What was put right in the graph. */
  readonly mended: readonly string[];
}

/** Where a graph answers otherwise than the model. */
export interface Fault {
  /** What differs, in words: which output, which row, both answers. */
  readonly sentence: string;
  readonly rows: number;
  /** Whether it differs only on numbers far beyond the example. */
  readonly extreme: boolean;
}

/** A label of another class is let pass when the model's own scores for the two are closer than this: float32 has 24 bits. */
const rounding = 1e-5;
const whole = 1000;
const farBeyond = /large value|infinite value|integer beyond/;

/** Asks the graph for all rows, in batches of several sizes, and compares every output. `tolerance` is relative (see `Compared.share`). */
export async function compareGraph(candidate: Candidate, made: Made, tolerance: number): Promise<Compared | Fault> {
  let graph: Graph | undefined;
  try {
    graph = await openGraph(candidate);
    const found = new Comparison(candidate, made, tolerance);
    const count = made.rows.length;
    for (let start = 0; start < count; start += whole) found.add(await graph.run(range(start, Math.min(whole, count - start))));
    if (found.bad.size === 0) for (const size of made.batches) found.add(await graph.run(range(0, size).map((row) => row % count)));
    return found.outcome(graph);
  } catch (error) {
    if (error instanceof CannotRun) return { sentence: await whereItFails(error, graph, candidate, made), rows: made.rows.length, extreme: false };
    throw error;
  } finally {
    await graph?.release();
  }
}

const range = (start: number, size: number): number[] => Array.from({ length: size }, (_, index) => start + index);

/** The first row that the graph alone cannot take, or the error as it is. */
async function whereItFails(error: CannotRun, graph: Graph | undefined, candidate: Candidate, made: Made): Promise<string> {
  for (let row = 0; graph && row < made.rows.length; row++) {
    try {
      await graph.run([row]);
    } catch (alone) {
      if (alone instanceof CannotRun) return `ONNX Runtime cannot run it on the row ${shown(candidate, row)} (${made.rows[row]}), which the model itself answers: ${alone.message}`;
      throw alone;
    }
  }
  return `ONNX Runtime cannot ${graph ? "run" : "load"} it: ${error.message}`;
}

interface Asked {
  readonly rows: readonly number[];
  readonly outputs: readonly { readonly name: string; readonly dims: readonly number[]; readonly values: readonly unknown[] }[];
}

class Comparison {
  readonly bad = new Map<number, string>();
  readonly #candidate: Candidate;
  readonly #made: Made;
  readonly #tolerance: number;
  readonly #scales: readonly number[];
  readonly #close = new Set<number>();
  readonly #examples: number;
  #difference = 0;
  #share = 0;

  constructor(candidate: Candidate, made: Made, tolerance: number) {
    this.#candidate = candidate;
    this.#made = made;
    this.#tolerance = tolerance;
    this.#examples = made.rows.filter((kind) => kind === "the example").length;
    const measured = range(0, this.#examples || made.rows.length);
    this.#scales = made.answers.map(({ kind, scale, values }) => scale ?? (kind === "label" ? 1 : greatest(measured.flatMap((row) => values[row].map(numberOf))) || 1));
  }

  add({ rows, outputs }: Asked): void {
    for (const [position, output] of outputs.entries()) {
      const answer = this.#made.answers[this.#candidate.outputs[position]];
      if (!answer) continue;
      if (output.dims[0] !== rows.length) {
        for (const row of rows) this.#say(row, `the output ${output.name} has the shape [${output.dims.join(", ")}] when ${rows.length} rows are asked`);
        continue;
      }
      const width = output.values.length / rows.length;
      for (const [place, row] of rows.entries()) {
        const got = output.values.slice(place * width, (place + 1) * width);
        const whole = answer.values[row];
        const expected = answer.sided && width === 1 ? whole.slice(1) : whole;
        const same = got.length === expected.length && (answer.kind === "label" ? this.#label(row, expected, got) : this.#numbers(row, expected, got, this.#scales[this.#candidate.outputs[position]]));
        if (!same) this.#say(row, `the output ${output.name} is ${inShort(got)} where the model's ${answer.method} is ${inShort(expected)}`);
      }
    }
  }

  #say(row: number, sentence: string): void {
    if (!this.bad.has(row)) this.bad.set(row, sentence);
  }

  #label(row: number, expected: readonly unknown[], got: readonly unknown[]): boolean {
    if (expected.every((value, index) => String(value) === textOf(got[index]))) return true;
    const margin = this.#made.margins[row];
    if (margin === null || margin === undefined || margin > rounding) return false;
    this.#close.add(row);
    return true;
  }

  #numbers(row: number, expected: readonly unknown[], got: readonly unknown[], scale: number): boolean {
    let worst = 0;
    for (const [index, value] of expected.entries()) {
      const [a, b] = [numberOf(value), Number(got[index])];
      if (a === b || (Number.isNaN(a) && Number.isNaN(b))) continue;
      const difference = Math.abs(a - b);
      if (row < this.#examples || this.#examples === 0) this.#difference = Number.isNaN(difference) ? Infinity : Math.max(this.#difference, difference);
      const share = difference / Math.max(Math.abs(a), scale);
      worst = Number.isNaN(share) ? Infinity : Math.max(worst, share);
    }
    if (worst <= this.#tolerance) this.#share = Math.max(this.#share, worst);
    return worst <= this.#tolerance;
  }

  outcome(graph: Graph): Compared | Fault {
    const { rows, refused, rounded } = this.#made;
    if (graph.outputs.length !== this.#candidate.outputs.length) return { sentence: `it has the outputs ${graph.outputs.join(", ")}, of which the model answers ${this.#candidate.outputs.length}`, rows: rows.length, extreme: false };
    if (this.bad.size > 0) {
      const all = [...this.bad.keys()];
      const row = Math.min(...all);
      const first = `${this.bad.get(row)!}, for the row ${shown(this.#candidate, row)} (${rows[row]}); ${all.length} of ${rows.length} rows differ`;
      return { sentence: first, rows: all.length, extreme: all.every((one) => farBeyond.test(rows[one])) };
    }
    return {
      rows: this.#examples,
      made: rows.length - this.#examples,
      difference: this.#difference,
      share: this.#share,
      differentLabels: this.#close.size,
      refused: Object.values(refused).reduce((sum, count) => sum + count, 0),
      rounded,
      mended: this.#candidate.mended,
    };
  }
}

/** A row with the names of its columns, shortened. */
function shown({ feeds, columns }: Candidate, row: number): string {
  const values = Object.values(feeds).flatMap((feed) => feed.rows[row]);
  const pairs = values.slice(0, 8).map((value, index) => `${columns[index] ?? index}: ${typeof value === "string" && !/^(NaN|-?Infinity|-?\d+)$/.test(value) ? JSON.stringify(value) : String(value)}`);
  return `{${pairs.join(", ")}${values.length > 8 ? `, … ${values.length - 8} more` : ""}}`;
}

const inShort = (values: readonly unknown[]): string => {
  const texts = values.slice(0, 5).map((value) => (typeof value === "number" ? String(Number(value.toPrecision(6))) : String(value)));
  return values.length === 1 ? texts[0] : `[${texts.join(", ")}${values.length > 5 ? ", …" : ""}]`;
};

const numberOf = (value: unknown): number => (value === null ? Number.NaN : Number(value));

/** Labels as text: a boolean or a whole float as the integer. */
const textOf = (value: unknown): string => (typeof value === "boolean" ? String(Number(value)) : String(value));

const greatest = (values: readonly number[]): number => values.reduce((most, value) => (Number.isFinite(value) && Math.abs(value) > most ? Math.abs(value) : most), 0);
