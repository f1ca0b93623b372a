import { broadcast, factOf, placed } from "../broadcast.ts";
import { input, intOf, listOf, othersFixed, type Call, type Rule } from "../call.ts";
import { axisIn, fixed, NotShown, rows, shapeOf, type Fact } from "../facts.ts";
import { hasRows, isOne, numberOf, overSize, sameSize, sizeOf, someSize, timesSize, type Size } from "../sizes.ts";

const mixes = () => new NotShown("gives a shape in which rows can no longer be told apart");

/**
 * The same elements in another shape. Rows stay apart where one dimension of the new shape counts them and what lies before it is as large as before. Sizes that
 * the graph does not say cannot hide anything: the runtime refuses a shape that has not as many elements.
 */
function inShape(fact: Fact, target: readonly Size[]): Fact {
  const shape = shapeOf(fact);
  const open = target.findIndex((size) => numberOf(size) === -1);
  let dimensions = target;
  if (open >= 0) {
    const others = target.filter((_, at) => at !== open);
    const rest = overSize(timesSize(shape), timesSize(others));
    if (!rest && fact.of === "rows" && !others.some(hasRows)) throw mixes();
    dimensions = target.with(open, rest ?? someSize());
  }
  const counting = dimensions.flatMap((size, at) => (hasRows(size) ? [at] : []));
  if (fact.of !== "rows") {
    if (counting.length > 0) throw new NotShown("gives a fixed value a shape with the number of rows");
    return fixed(dimensions);
  }
  if (counting.length !== 1) throw mixes();
  const [axis] = counting;
  if (!sameSize(timesSize(shape.slice(0, fact.axis)), timesSize(dimensions.slice(0, axis)))) throw mixes();
  return rows(dimensions, axis);
}

const reshape: Rule = (call) => {
  const x = input(call, 0);
  const attribute = call.attributes.get("shape")?.ints;
  const target = attribute ? attribute.map(sizeOf) : input(call, 1).values;
  if (!target) {
    if (x.of === "fixed" && input(call, 1).of === "fixed") return [fixed()];
    throw new NotShown("computes its shape");
  }
  const copies = intOf(call, "allowzero", 0) === 0;
  const shape = copies ? shapeOf(x) : [];
  return [inShape(x, target.map((size, at) => (copies && numberOf(size) === 0 ? shape[at] : size)))];
};

const flatten: Rule = (call) => {
  const x = input(call, 0);
  const shape = shapeOf(x);
  const axis = axisIn(intOf(call, "axis", 1), shape.length);
  return [inShape(x, [timesSize(shape.slice(0, axis)), timesSize(shape.slice(axis))])];
};

const transpose: Rule = (call) => {
  const x = input(call, 0);
  const shape = shapeOf(x);
  const order = call.attributes.get("perm")?.ints ?? shape.map((_, at) => shape.length - 1 - at);
  return [factOf({ shape: order.map((at) => shape[at]), axis: x.of === "rows" ? order.indexOf(x.axis) : undefined })];
};

const squeeze: Rule = (call) => {
  const x = input(call, 0);
  const shape = shapeOf(x);
  const given = listOf(call, "axes", 1);
  if (!given && x.of === "rows") throw new NotShown("drops every dimension of size 1, and so that of the rows of a single row");
  const axes = given?.map((axis) => axisIn(axis, shape.length)) ?? shape.flatMap((size, at) => (isOne(size) ? [at] : []));
  if (x.of === "rows" && axes.includes(x.axis)) throw new NotShown("drops the dimension that counts rows");
  return [factOf(dropped(x, axes))];
};

export function dropped(fact: Fact, axes: readonly number[]) {
  const { shape, axis } = placed(fact);
  return { shape: shape.filter((_, at) => !axes.includes(at)), axis: axis === undefined ? undefined : axis - axes.filter((at) => at < axis).length };
}

const unsqueeze: Rule = (call) => {
  const { shape, axis } = placed(input(call, 0));
  const given = listOf(call, "axes", 1);
  if (!given) throw new NotShown("lacks its axes");
  const rank = shape.length + given.length;
  const axes = new Set(given.map((at) => axisIn(at, rank)));
  const wide: Size[] = [];
  let placedAxis = axis;
  for (let at = 0, from = 0; at < rank; at++) {
    if (axes.has(at)) {
      wide.push(sizeOf(1));
      continue;
    }
    if (from === axis) placedAxis = at;
    wide.push(shape[from++]);
  }
  return [factOf({ shape: wide, axis: placedAxis })];
};

/** A shape as the value of that shape that is brought together with others. */
function asPlaced(target: readonly Size[]) {
  const axis = target.findIndex(hasRows);
  return { shape: target.map((size) => ((numberOf(size) ?? 0) < 0 ? someSize() : size)), axis: axis < 0 ? undefined : axis };
}

const targetOf = (call: Call): readonly Size[] => {
  const { values } = input(call, 1);
  if (values) return values;
  throw new NotShown("computes its shape");
};

const expand: Rule = (call) => [factOf(broadcast([placed(input(call, 0)), asPlaced(targetOf(call))]))];

const tile: Rule = (call) => {
  const { shape, axis } = placed(input(call, 0));
  const times = targetOf(call);
  if (times.length !== shape.length) throw new NotShown("repeats other dimensions than its input has");
  if (axis !== undefined && !isOne(times[axis])) throw new NotShown("repeats the rows");
  const repeated = times.findIndex(hasRows);
  if (repeated < 0) return [factOf({ shape: shape.map((size, at) => timesSize([size, times[at]])), axis })];
  if (axis !== undefined || !isOne(shape[repeated])) throw new NotShown("repeats a value as often as there are rows");
  return [rows(shape.map((size, at) => timesSize([size, times[at]])), repeated)];
};

/** Blocks of pixels to channels and back, image by image. */
const imageBlocks: Rule = (call) => {
  const x = input(call, 0);
  const shape = shapeOf(x);
  othersFixed(call);
  if (x.of === "rows" && x.axis !== 0) throw new NotShown("takes the rows for something of an image");
  return [factOf({ shape: [shape[0], ...shape.slice(1).map(() => someSize())], axis: x.of === "rows" ? 0 : undefined })];
};

export const reshapingRules: Readonly<Record<string, Rule>> = {
  Reshape: reshape,
  Flatten: flatten,
  Transpose: transpose,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Expand: expand,
  Tile: tile,
  DepthToSpace: imageBlocks,
  SpaceToDepth: imageBlocks,
  Col2Im: imageBlocks,
};
