import type { Scored } from "../../evaluation/scored.ts";

/** The loss of each row: the squared error, or −ln of the true class's probability. A class the model does not know is a total miss. */
export function lossesOf(one: Scored): Float64Array {
  if (one.task === "regression") return one.predicted.map((value, row) => (value - one.truth[row]) ** 2);
  const k = one.classes.length;
  return Float64Array.from(one.truth, (at, row) => -Math.log(Math.max(at < 0 ? 0 : one.probabilities[row * k + at], Number.EPSILON)));
}
