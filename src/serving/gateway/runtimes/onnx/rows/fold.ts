import type { Call } from "./call.ts";
import { numbersOf, type Fact } from "./facts.ts";
import { hasRows, numberOf, overSize, sameSize, sizeOf, someSize, timesSize, type Size } from "./sizes.ts";

type Pair = (one: Size, other: Size) => Size | undefined;

/** On sizes that have numbers; what it makes of others is not known, but fixed. */
const onNumbers =
  (act: (one: number, other: number) => number): Pair =>
  (one, other) => {
    const [a, b] = [numberOf(one), numberOf(other)];
    if (a !== undefined && b !== undefined) return sizeOf(act(a, b));
    return hasRows(one) || hasRows(other) ? undefined : someSize();
  };

/** A size is never negative, so that one with a name is not the -1 that stands for an open dimension. */
const equal: Pair = (one, other) => {
  if (sameSize(one, other)) return sizeOf(1);
  const [a, b] = [numberOf(one), numberOf(other)];
  if (a !== undefined && b !== undefined) return sizeOf(0);
  return (a !== undefined && a < 0) || (b !== undefined && b < 0) ? sizeOf(0) : undefined;
};

const pairs: Readonly<Record<string, Pair>> = {
  Add: onNumbers((a, b) => a + b),
  Sub: onNumbers((a, b) => a - b),
  Mul: (one, other) => timesSize([one, other]),
  Div: (one, other) => overSize(one, other) ?? (hasRows(one) || hasRows(other) ? undefined : someSize()),
  Max: onNumbers(Math.max),
  Min: onNumbers(Math.min),
  Equal: equal,
};

const same = new Set(["Identity", "Cast", "Unsqueeze", "Squeeze", "Reshape", "Flatten"]);

/**
 * What an operator makes of short lists of integers, by which exporters compute shapes; undefined where it is not followed. It holds where the outcome is again a
 * list or a single number.
 */
export function foldedValues(call: Call): readonly Size[] | undefined {
  const given = call.inputs.map((fact) => fact?.values);
  const [first, second] = given;
  if (call.operator === "Concat") return joined(call.inputs);
  if (!first) return undefined;
  if (same.has(call.operator)) return first;
  if (call.operator in pairs && second && given.length === 2) {
    const length = Math.max(first.length, second.length);
    if (![first, second].every((list) => list.length === length || list.length === 1)) return undefined;
    const made = Array.from({ length }, (_, at) => pairs[call.operator](first[first.length === 1 ? 0 : at], second[second.length === 1 ? 0 : at]));
    return made.every((size) => size !== undefined) ? made : undefined;
  }
  if (call.operator === "Gather" && second) {
    const places = second.map(numberOf).map((place) => (place === undefined ? undefined : first.at(place)));
    return places.every((size) => size !== undefined) ? places : undefined;
  }
  if (call.operator === "ReduceProd") return [timesSize(first)];
  if (call.operator === "Slice") return slicedList(call, first);
  if (call.operator === "Where" && second && given[2]) return chosen(first, second, given[2]);
  return undefined;
}

function joined(inputs: readonly (Fact | undefined)[]): readonly Size[] | undefined {
  const parts = inputs.map((fact) => {
    if (fact?.values || fact?.of !== "fixed" || fact.shape?.length !== 1) return fact?.values;
    const length = numberOf(fact.shape[0]);
    return length === undefined || length > 16 ? undefined : Array.from({ length }, someSize);
  });
  return parts.every((part) => part !== undefined) ? parts.flat() : undefined;
}

function slicedList(call: Call, list: readonly Size[]): readonly Size[] | undefined {
  const named = (name: string, at: number) => call.attributes.get(name)?.ints ?? (call.inputs[at] ? numbersOf(call.inputs[at]) : undefined);
  const [starts, ends, steps] = [named("starts", 1), named("ends", 2), call.inputs[4] ? numbersOf(call.inputs[4]) : [1]];
  if (starts?.length !== 1 || ends?.length !== 1 || steps?.[0] !== 1) return undefined;
  return list.slice(starts[0], ends[0]);
}

function chosen(conditions: readonly Size[], yes: readonly Size[], no: readonly Size[]): readonly Size[] | undefined {
  const length = Math.max(conditions.length, yes.length, no.length);
  const at = (list: readonly Size[], place: number) => list[list.length === 1 ? 0 : place];
  const made = Array.from({ length }, (_, place) => {
    const condition = numberOf(at(conditions, place));
    return condition === undefined ? undefined : at(condition === 0 ? no : yes, place);
  });
  return made.every((size) => size !== undefined) ? made : undefined;
}
