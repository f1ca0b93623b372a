import type { Counter, Histogram, MetricsRegistry } from "../metrics/metrics.ts";
import { variantBook, type VariantBook } from "../metrics/variant-stats.ts";
import type { Tensor, Values } from "../tensors/tensor.ts";

/** Numbers that differ by less than this share of the larger one (or by less than this) agree. */
const tolerance = 1e-3;
/** Elements of an answer that are compared; more would take time from requests. */
const mostCompared = 4096;
const differenceBounds = [1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1, 10, 100, 1000];

/** How a shadow's answers compare with those that clients got. */
export interface AgreementSummary {
  /** Requests whose answers were the same but for rounding, and those whose were not. */
  readonly agreed: number;
  readonly differed: number;
  /** Mean of the largest absolute difference of a number within an answer; null before the first number. */
  readonly meanDifference: number | null;
}

/** The counts of one shadow variant. */
export class Agreement {
  readonly #agreed: Counter;
  readonly #differed: Counter;
  readonly #difference: Histogram;
  #sum = 0;
  #count = 0;

  constructor(agreed: Counter, differed: Counter, difference: Histogram) {
    this.#agreed = agreed;
    this.#differed = differed;
    this.#difference = difference;
  }

  /** Compares the outputs of both by name; an output that only one has is a difference. */
  add(answered: readonly Tensor[], shadow: readonly Tensor[]): void {
    let same = answered.length === shadow.length;
    let largest = -1;
    for (const output of answered) {
      const other = shadow.find(({ name }) => name === output.name);
      if (!other || other.data.length !== output.data.length) {
        same = false;
        continue;
      }
      const found = compare(output.data, other.data);
      same &&= found.same;
      largest = Math.max(largest, found.largest);
    }
    (same ? this.#agreed : this.#differed).add(1);
    if (largest < 0) return;
    this.#difference.observe(largest);
    this.#sum += largest;
    this.#count++;
  }

  summary(): AgreementSummary {
    return { agreed: this.#agreed.value, differed: this.#differed.value, meanDifference: this.#count === 0 ? null : this.#sum / this.#count };
  }
}

/** Whether all elements agree, and the largest difference of finite numbers (-1 where there are none). */
function compare(a: Values, b: Values): { same: boolean; largest: number } {
  let same = true;
  let largest = -1;
  const length = Math.min(a.length, mostCompared);
  for (let i = 0; i < length; i++) {
    const [left, right] = [a[i], b[i]];
    if (typeof left === "object" || typeof left === "string") {
      same &&= String(left) === String(right);
      continue;
    }
    const [x, y] = [Number(left), Number(right)];
    const difference = Math.abs(x - y);
    if (Number.isFinite(difference)) largest = Math.max(largest, difference);
    same &&= difference <= tolerance * Math.max(1, Math.abs(x), Math.abs(y)) || Object.is(x, y);
  }
  return { same, largest };
}

/** The comparisons of every shadow variant that is served. */
export function agreementBook(metrics: MetricsRegistry): VariantBook<Agreement> {
  const labels = ["endpoint", "version", "variant"];
  const answers = metrics.counter("millrace_shadow_answers_total", "Answers of shadow variants beside those that clients got.", [...labels, "result"]);
  const difference = metrics.histogram(
    "millrace_shadow_difference",
    "Largest absolute difference of a number between the answer of a shadow variant and the one that the client got.",
    labels,
    differenceBounds,
  );
  return variantBook((...of) => new Agreement(answers(...of, "agreed"), answers(...of, "differed"), difference(...of)), [answers, difference]);
}
