import { input, intOf, type Call, type Rule } from "../call.ts";
import type { GraphDefinition } from "../definition.ts";
import { fixed, NotShown, rows, shapeOf, type Fact } from "../facts.ts";
import { numberOf, sameSize, someSize, type Size } from "../sizes.ts";

function body(call: Call, name: string): GraphDefinition {
  const graph = call.attributes.get(name)?.graph;
  if (graph) return graph;
  throw new NotShown(`lacks its ${name}`);
}

/** The same branch for all rows: a condition that no row has a part in. */
const branch: Rule = (call) => {
  const condition = input(call, 0);
  if (condition.of !== "fixed") throw new NotShown("goes one way or the other for all rows together");
  const known = condition.values?.length === 1 ? numberOf(condition.values[0]) : undefined;
  if (known !== undefined) return call.within(body(call, known === 0 ? "else_branch" : "then_branch"), [], false);
  const [yes, no] = [call.within(body(call, "then_branch"), [], false), call.within(body(call, "else_branch"), [], false)];
  if (yes.length !== no.length) throw new NotShown("gives other values in one branch than in the other");
  return yes.map((fact, at) => either(fact, no[at]));
};

/** What holds of both. */
function either(one: Fact, other: Fact): Fact {
  if (one.of === "mixed") return one;
  if (other.of === "mixed") return other;
  if (one.of !== other.of || one.of === "count") throw new NotShown("gives something by row in one branch, and in the other one not");
  if (!one.shape || one.shape.length !== other.shape?.length) {
    if (one.of === "fixed") return fixed();
    throw new NotShown("gives other dimensions in one branch than in the other");
  }
  const shape = one.shape.map((size, at) => (sameSize(size, other.shape![at]) ? size : someSize()));
  if (one.of !== "rows") return fixed(shape);
  return rows(shape, one.axis);
}

/** A value carried from turn to turn, of which only what stays so may be known. */
const carried = (fact: Fact): Fact => (fact.of === "fixed" ? fixed(fact.shape) : fact);

function staysSo(before: Fact, after: Fact): void {
  const sizes = (fact: Fact): readonly Size[] => fact.shape ?? [];
  const same = before.of === after.of && (before.of !== "rows" || (after.of === "rows" && before.axis === after.axis)) && sizes(before).length === sizes(after).length && sizes(before).every((size, at) => sameSize(size, sizes(after)[at]));
  if (!same || before.of === "count" || (after.of === "fixed" && after.turn)) throw new NotShown(after.of === "mixed" ? after.why : "carries from turn to turn what depends on rows");
}

/** A body for each part along an axis: of rows, where it carries nothing from one to the next; else of time, or of anything. */
const scan: Rule = (call) => {
  if (call.opset < 9) throw new NotShown("is of an operator set that is not followed");
  const graph = body(call, "body");
  const count = intOf(call, "num_scan_inputs", 1);
  const states = call.inputs.slice(0, -count).map((_, at) => carried(input(call, at)));
  const scanned = Array.from({ length: count }, (_, at) => input(call, states.length + at));
  if (scanned.some(({ of }) => of === "count")) throw new NotShown("goes over the number of rows");
  const axes = scanned.map((fact, at) => fromEnd(call.attributes.get("scan_input_axes")?.ints?.[at] ?? 0, shapeOf(fact).length));
  const overRows = scanned.some((fact, at) => fact.of === "rows" && fact.axis === axes[at]);
  if (overRows && scanned.some((fact, at) => fact.of !== "rows" || fact.axis !== axes[at] || !sameSize(fact.shape[fact.axis], shapeOf(scanned[0])[axes[0]]))) throw new NotShown("goes over rows and something else together");
  const turned = ["scan_input_directions", "scan_output_directions"].some((name) => call.attributes.get(name)?.ints?.some((one) => one !== 0));
  if (overRows && turned) throw new NotShown("goes over the rows from the last to the first");
  if (overRows && states.some(({ of }) => of !== "fixed")) throw new NotShown("goes over the rows with all of them at hand");
  const slices = scanned.map((fact, at): Fact => {
    const left = shapeOf(fact).toSpliced(axes[at], 1);
    if (fact.of !== "rows") return fixed(left);
    return overRows ? { ...fixed(left), turn: true } : rows(left, fact.axis > axes[at] ? fact.axis - 1 : fact.axis);
  });
  const results = call.within(graph, [...states, ...slices], overRows);
  if (results.length < states.length) throw new NotShown("has a body that gives too little");
  for (const [at, state] of states.entries()) staysSo(state, results[at]);
  const length = shapeOf(scanned[0])[axes[0]];
  const outAxes = call.attributes.get("scan_output_axes")?.ints;
  return [...states, ...results.slice(states.length).map((fact, at) => stacked(fact, length, outAxes?.[at] ?? 0, overRows))];
};

const fromEnd = (axis: number, rank: number): number => (axis < 0 ? axis + rank : axis);

function stacked(fact: Fact, length: Size, at: number, overRows: boolean): Fact {
  if (fact.of === "mixed" || fact.of === "count") return fact;
  if (!fact.shape && !overRows) return fixed();
  const shape = shapeOf(fact);
  const axis = fromEnd(at, shape.length + 1);
  const whole = shape.toSpliced(axis, 0, length);
  if (fact.of === "rows") return rows(whole, fact.axis >= axis ? fact.axis + 1 : fact.axis);
  return overRows ? rows(whole, axis) : fixed(whole);
}

/** As often as no row decides, with what is carried staying by row. */
const loop: Rule = (call) => {
  const [times, condition] = [call.inputs[0], call.inputs[1]];
  if ((times && times.of !== "fixed") || (condition && condition.of !== "fixed")) throw new NotShown("goes on as long as the rows say");
  const states = call.inputs.slice(2).map((_, at) => carried(input(call, at + 2)));
  const results = call.within(body(call, "body"), [fixed([]), fixed([]), ...states], false);
  if (results.length <= states.length) throw new NotShown("has a body that gives too little");
  if (results[0].of !== "fixed") throw new NotShown("goes on as long as the rows say");
  for (const [at, state] of states.entries()) staysSo(state, results[at + 1]);
  return [...states, ...results.slice(states.length + 1).map((fact) => stacked(fact, someSize(), 0, false))];
};

export const controlRules: Readonly<Record<string, Rule>> = { If: branch, Scan: scan, Loop: loop };
