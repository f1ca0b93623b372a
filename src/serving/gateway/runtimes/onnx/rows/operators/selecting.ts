import { factOf, placed } from "../broadcast.ts";
import { input, intOf, listOf, numbersAt, othersFixed, type Call, type Rule } from "../call.ts";
import { axisIn, fixed, NotShown, rows, shapeOf, type Fact } from "../facts.ts";
import { hasRows, numberOf, sameSize, sizeOf, someSize, type Size } from "../sizes.ts";
import { notAlongRows, reshaped } from "./along-axes.ts";
import { dropped } from "./reshaping.ts";

const ofOtherRows = () => new NotShown("looks up by row in what is by row itself");

const gather: Rule = (call) => {
  const [data, indices] = [input(call, 0), input(call, 1)];
  const [from, places] = [shapeOf(data), shapeOf(indices)];
  const axis = axisIn(intOf(call, "axis", 0), from.length);
  const shape = [...from.slice(0, axis), ...places, ...from.slice(axis + 1)];
  if (data.of === "rows" && indices.of === "rows") throw ofOtherRows();
  if (indices.of === "rows") return [rows(shape, axis + indices.axis)];
  notAlongRows(data, [axis], "picks some of the rows");
  return [data.of === "rows" ? rows(shape, data.axis < axis ? data.axis : data.axis - 1 + places.length) : fixed(shape)];
};

/** The place of each index but for one axis is the place of what it takes. */
const gatherElements: Rule = (call) => {
  const [data, indices] = [input(call, 0), input(call, 1)];
  const shape = shapeOf(indices);
  const axis = axisIn(intOf(call, "axis", 0), shape.length);
  if (data.of === "rows") {
    if (indices.of !== "rows" || indices.axis !== data.axis) throw new NotShown("picks some of the rows");
    notAlongRows(data, [axis], "picks some of the rows");
    if (!sameSize(data.shape[data.axis], indices.shape[indices.axis])) throw ofOtherRows();
  } else if (indices.of === "rows" && indices.axis !== axis) throw new NotShown("takes for each row what stands at its place");
  return [reshaped(indices, shape)];
};

const gatherMany: Rule = (call) => {
  const [data, indices] = [input(call, 0), input(call, 1)];
  const batch = intOf(call, "batch_dims", 0);
  const [from, places] = [shapeOf(data), shapeOf(indices)];
  const depth = numberOf(places[places.length - 1]);
  const shape = depth === undefined ? undefined : [...places.slice(0, -1), ...from.slice(batch + depth)];
  if (data.of === "fixed" && indices.of === "fixed") return [fixed(shape)];
  if (!shape) throw new NotShown("has indices whose length is not known");
  if (data.of === "rows" && (indices.of !== "rows" || indices.axis !== data.axis || data.axis >= batch)) throw new NotShown("picks some of the rows");
  if (indices.of === "rows" && (indices.axis === places.length - 1 || (data.of !== "rows" && indices.axis < batch))) throw new NotShown("takes for each row what stands at its place");
  return [reshaped(indices, shape)];
};

/** Data, indices, updates. */
const scatterElements: Rule = (call) => {
  const given = [input(call, 0), input(call, 1), input(call, 2)];
  const [data] = given;
  const shape = shapeOf(data);
  if (given.every(({ of }) => of === "fixed")) return [fixed(shape)];
  const axis = axisIn(intOf(call, "axis", 0), shape.length);
  if (data.of !== "rows" || given.some((fact) => fact.of !== "rows" || fact.axis !== data.axis)) throw new NotShown("writes to places of some rows");
  notAlongRows(data, [axis], "writes from row to row");
  return [data];
};

/** Along the rows it may go on from the first to the last, as exporters write `x[:, 1:]`. */
const slice: Rule = (call) => {
  const x = input(call, 0);
  const shape = shapeOf(x);
  const attribute = (name: string) => call.attributes.get(name)?.ints?.map(sizeOf);
  const starts = attribute("starts") ?? call.inputs[1]?.values;
  const ends = attribute("ends") ?? call.inputs[2]?.values;
  const steps = numbersAt(call, 4, "steps");
  const count = starts?.length ?? ends?.length;
  const axes = (listOf(call, "axes", 3) ?? Array.from({ length: count ?? shape.length }, (_, at) => at)).map((axis) => axisIn(axis, shape.length));
  let left = shape;
  for (const [at, axis] of axes.entries()) {
    const [start, end, step] = [starts?.[at], ends?.[at], steps?.[at] ?? 1];
    const whole = start !== undefined && numberOf(start) === 0 && step === 1 && end !== undefined && (sameSize(end, shape[axis]) || (numberOf(end) ?? 0) >= 2 ** 31 - 1);
    if (whole) continue;
    notAlongRows(x, [axis], "takes some of the rows");
    if ([start, end].some((size) => size && hasRows(size)) || [1, 2].some((input) => call.inputs[input]?.of === "count" && !call.inputs[input].values)) throw new NotShown("takes as many as there are rows");
    left = left.with(axis, sliced(shape[axis], start, end, step));
  }
  return [reshaped(x, left)];
};

function sliced(size: Size, start: Size | undefined, end: Size | undefined, step: number): Size {
  const [whole, from, to] = [numberOf(size), start && numberOf(start), end && numberOf(end)];
  if (from === undefined || to === undefined || step !== 1) return someSize();
  // Of a size that is not known, so many from its start or end on can only be told where it is large enough.
  if (whole === undefined) return someSize();
  const clamp = (place: number) => Math.min(whole, Math.max(0, place < 0 ? place + whole : place));
  return sizeOf(Math.max(0, clamp(to) - clamp(from)));
}

const split: Rule = (call) => {
  const x = input(call, 0);
  const shape = shapeOf(x);
  const axis = axisIn(intOf(call, "axis", 0), shape.length);
  notAlongRows(x, [axis], "takes the rows apart");
  const sizes = listOf(call, "split", 1);
  const whole = numberOf(shape[axis]);
  const equal = whole !== undefined && whole % call.outputs.length === 0 ? sizeOf(whole / call.outputs.length) : undefined;
  return call.outputs.map((_, at) => reshaped(x, shape.with(axis, sizes ? sizeOf(sizes[at]) : (equal ?? someSize()))));
};

const concat: Rule = (call) => {
  const given = call.inputs.filter((fact) => fact !== undefined);
  if (given.length === 0) throw new NotShown("takes nothing");
  const shapes = given.map(shapeOf);
  const axis = axisIn(intOf(call, "axis", 1), shapes[0].length);
  const numbers = shapes.map((shape) => numberOf(shape[axis]));
  const sum = numbers.every((number) => number !== undefined) ? sizeOf(numbers.reduce((all, one) => all + one, 0)) : someSize();
  const byRows = given.find((fact) => fact.of === "rows");
  if (!byRows) return [fixed(shapes[0].with(axis, sum))];
  if (byRows.axis === axis) throw new NotShown("puts rows behind rows");
  const alike = given.every((fact) => fact.of === "rows" && fact.axis === byRows.axis && sameSize(fact.shape[fact.axis], byRows.shape[byRows.axis]));
  if (!alike) throw new NotShown("puts rows beside what is not by row");
  return [rows(byRows.shape.map((size, at) => (at === axis ? sum : size)), byRows.axis)];
};

const pad: Rule = (call) => {
  const x = input(call, 0);
  const shape = shapeOf(x);
  const pads = listOf(call, call.attributes.has("paddings") ? "paddings" : "pads", 1);
  othersFixed(call);
  if (!pads) throw new NotShown("lacks its pads");
  const axes = (numbersAt(call, 3, "axes") ?? shape.map((_, at) => at)).map((axis) => axisIn(axis, shape.length));
  let wide = shape;
  for (const [at, axis] of axes.entries()) {
    const more = [pads[at], pads[at + axes.length]];
    if (more.every((one) => one === 0)) continue;
    notAlongRows(x, [axis], "adds rows, or cuts some off");
    const size = numberOf(shape[axis]);
    wide = wide.with(axis, size === undefined ? someSize() : sizeOf(size + more[0] + more[1]));
  }
  return [reshaped(x, wide)];
};

const oneHot: Rule = (call) => {
  const indices = input(call, 0);
  const { shape, axis: counted } = placed(indices);
  othersFixed(call);
  const axis = axisIn(intOf(call, "axis", -1), shape.length + 1);
  const [depth] = call.inputs[1]?.values ?? [];
  return [factOf({ shape: shape.toSpliced(axis, 0, depth && numberOf(depth) !== undefined ? depth : someSize()), axis: counted === undefined || counted < axis ? counted : counted + 1 })];
};

/** How many are kept is decided by a condition. */
const compress: Rule = (call) => {
  const [x, condition] = [input(call, 0), input(call, 1)];
  if (condition.of !== "fixed") throw new NotShown("keeps some of the rows, as the rows decide", true);
  const axis = call.attributes.get("axis")?.int;
  if (axis === undefined) throw new NotShown("puts the elements of all rows into one list", true);
  const shape = shapeOf(x);
  const along = axisIn(axis, shape.length);
  notAlongRows(x, [along], "keeps some of the rows");
  return [reshaped(x, shape.with(along, someSize()))];
};

const never =
  (does: string): Rule =>
  () => {
    throw new NotShown(does, true);
  };

/** Elements of the last dimension; of a fixed list, the ones that the rows say (labels by their index). */
export const arrayFeatureExtractor: Rule = (call) => {
  const [x, places] = [input(call, 0), input(call, 1)];
  const shape = shapeOf(x);
  if (places.of === "rows") {
    if (x.of !== "fixed" || shape.length > 2 || places.shape.some((size, at) => at < places.axis && numberOf(size) !== 1)) throw ofOtherRows();
    return [rows([sizeOf(1), places.shape.reduce((all, size) => ({ times: all.times * size.times, names: [...all.names, ...size.names].toSorted() }))], 1)];
  }
  if (shape.length < 2) throw new NotShown("takes one dimension for a single row");
  notAlongRows(x, [shape.length - 1], "picks some of the rows");
  const taken = places.shape?.length === 1 ? places.shape[0] : someSize();
  return [factOf({ ...dropped(x, [shape.length - 1]), shape: [...shape.slice(0, -1), taken] })];
};

const allFixed = (does: string): Rule => (call: Call) => {
  if (call.inputs.some((fact: Fact | undefined) => fact && fact.of !== "fixed")) throw new NotShown(does);
  return [fixed(call.inputs[0]?.shape)];
};

export const selectingRules: Readonly<Record<string, Rule>> = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherMany,
  ScatterElements: scatterElements,
  Scatter: scatterElements,
  ScatterND: allFixed("writes to places that are counted over all rows"),
  Slice: slice,
  Split: split,
  Concat: concat,
  Pad: pad,
  OneHot: oneHot,
  Compress: compress,
  Unique: never("leaves out what another row has, too"),
  NonZero: never("lists the places of all rows that are not zero"),
  NonMaxSuppression: never("lists the boxes of all rows that are kept"),
};
