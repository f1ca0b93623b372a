import { broadcast, placed } from "../broadcast.ts";
import { input, intOf, listOf, numbersAt, othersFixed, type Call, type Rule } from "../call.ts";
import { axisIn, fixed, NotShown, numbersOf, rows, shapeOf, type Fact } from "../facts.ts";
import { sizeOf, someSize, type Size } from "../sizes.ts";

/** What an operator does with what lies along an axis, as a sentence goes on. */
export function notAlongRows(fact: Fact, axes: readonly number[], does: string): void {
  if (fact.of === "rows" && axes.includes(fact.axis)) throw new NotShown(does);
}

/** A fact of another shape in which the same axis counts rows. */
export const reshaped = (fact: Fact, shape: readonly Size[]): Fact => (fact.of === "rows" ? rows(shape, fact.axis) : fixed(shape));

/** A fact without some dimensions, or with them of size 1. */
export function without(fact: Fact, axes: readonly number[], keep: boolean): Fact {
  const shape = shapeOf(fact);
  if (keep) return reshaped(fact, shape.map((size, at) => (axes.includes(at) ? sizeOf(1) : size)));
  const left = shape.filter((_, at) => !axes.includes(at));
  return fact.of === "rows" ? rows(left, fact.axis - axes.filter((at) => at < fact.axis).length) : fixed(left);
}

const reduce: Rule = (call) => {
  const x = input(call, 0);
  const rank = shapeOf(x).length;
  const given = listOf(call, "axes", 1) ?? [];
  if (given.length === 0 && intOf(call, "noop_with_empty_axes", 0) !== 0) return [x];
  const axes = given.length > 0 ? given.map((axis) => axisIn(axis, rank)) : Array.from({ length: rank }, (_, at) => at);
  notAlongRows(x, axes, "puts all rows together");
  return [without(x, axes, intOf(call, "keepdims", 1) !== 0)];
};

const argument: Rule = (call) => {
  const x = input(call, 0);
  const axis = axisIn(intOf(call, "axis", 0), shapeOf(x).length);
  notAlongRows(x, [axis], "looks for one among all rows");
  return [without(x, [axis], intOf(call, "keepdims", 1) !== 0)];
};

/** Until operator set 13 all dimensions from the axis on were one. */
const softmax: Rule = (call) => {
  const x = input(call, 0);
  const rank = shapeOf(x).length;
  const axis = axisIn(intOf(call, "axis", call.opset < 13 ? 1 : -1), rank);
  const axes = call.opset < 13 ? Array.from({ length: rank - axis }, (_, at) => axis + at) : [axis];
  notAlongRows(x, axes, "makes all rows sum to one");
  return [x];
};

/** Over the dimensions from an axis on. */
export const layerNormalization: Rule = (call) => {
  const x = input(call, 0);
  const rank = shapeOf(x).length;
  const axis = axisIn(intOf(call, "axis", -1), rank);
  const axes = Array.from({ length: rank - axis }, (_, at) => axis + at);
  othersFixed(call);
  notAlongRows(x, axes, "takes the mean of all rows");
  broadcast(call.inputs.filter((fact) => fact !== undefined).map(placed)); // a scale for each place along the rows would be one for each row
  const statistics = without(x, axes, true);
  return call.outputs.map((_, at) => (at === 0 ? x : statistics));
};

const meanVariance: Rule = (call) => {
  const x = input(call, 0);
  const rank = shapeOf(x).length;
  notAlongRows(x, (listOf(call, "axes", 1) ?? [0, 2, 3]).map((axis) => axisIn(axis, rank)), "takes the mean of all rows");
  return [x];
};

const along =
  (name: string, usual: number, does: string): Rule =>
  (call) => {
    const x = input(call, 0);
    notAlongRows(x, [axisIn(intOf(call, name, usual), shapeOf(x).length)], does);
    return [x];
  };

const cumulative: Rule = (call) => {
  const x = input(call, 0);
  const [axis] = numbersAt(call, 1, "axis") ?? [0];
  notAlongRows(x, [axisIn(axis, shapeOf(x).length)], "adds up from row to row");
  return [x];
};

const topK: Rule = (call) => {
  const x = input(call, 0);
  const shape = shapeOf(x);
  const axis = axisIn(intOf(call, "axis", -1), shape.length);
  othersFixed(call);
  notAlongRows(x, [axis], "takes the greatest of all rows");
  const [k] = (call.inputs[1] ? numbersOf(call.inputs[1]) : [intOf(call, "k", 1)]) ?? [];
  const taken = reshaped(x, shape.with(axis, k === undefined ? someSize() : sizeOf(k)));
  return [taken, taken];
};

/** Matrices are the last two dimensions. */
const matrices =
  (result: (call: Call, fact: Fact) => Fact): Rule =>
  (call) => {
    const x = input(call, 0);
    const rank = shapeOf(x).length;
    othersFixed(call);
    notAlongRows(x, [rank - 2, rank - 1], "takes the rows for the rows of one matrix");
    return [result(call, x)];
  };

const fourier: Rule = (call) => {
  const x = input(call, 0);
  const shape = shapeOf(x);
  othersFixed(call);
  const [axis] = numbersAt(call, 2, "axis") ?? [intOf(call, "axis", call.opset < 20 ? 1 : -2)];
  const over = axisIn(axis, shape.length);
  notAlongRows(x, [over, shape.length - 1], "takes all rows for one signal");
  return [reshaped(x, shape.map((size, at) => (at === over || at === shape.length - 1 ? someSize() : size)))];
};

/** Signals [rows, length, …] in frames: [rows, frames, frequencies, 2]. */
const framesOfSignals: Rule = (call) => {
  const x = input(call, 0);
  othersFixed(call);
  if (x.of === "rows" && x.axis !== 0) throw new NotShown("takes all rows for one signal");
  return [reshaped(x, [shapeOf(x)[0], someSize(), someSize(), someSize()])];
};

/** Rows are along one axis, time along the other. */
const reverseSequence: Rule = (call) => {
  const [x, lengths] = [input(call, 0), input(call, 1)];
  const batch = intOf(call, "batch_axis", 1);
  notAlongRows(x, [intOf(call, "time_axis", 0)], "turns the order of the rows around");
  if (x.of === "rows" && (x.axis !== batch || lengths.of !== "rows" || lengths.axis !== 0)) throw new NotShown("takes lengths that are not those of the rows");
  if (x.of !== "rows" && lengths.of !== "fixed") throw new NotShown("takes the lengths of rows for what is none");
  return [x];
};

const centerCrop: Rule = (call) => {
  const x = input(call, 0);
  const shape = shapeOf(x);
  othersFixed(call);
  const axes = (call.attributes.get("axes")?.ints ?? shape.map((_, at) => at)).map((axis) => axisIn(axis, shape.length));
  notAlongRows(x, axes, "cuts rows off, or adds some");
  return [reshaped(x, shape.map((size, at) => (axes.includes(at) ? someSize() : size)))];
};

const reductions = "ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare".split(" ");

export const axisRules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(reductions.map((name) => [name, reduce])),
  ArgMax: argument,
  ArgMin: argument,
  Softmax: softmax,
  LogSoftmax: softmax,
  Hardmax: softmax,
  LayerNormalization: layerNormalization,
  RMSNormalization: layerNormalization,
  SimplifiedLayerNormalization: layerNormalization,
  MeanVarianceNormalization: meanVariance,
  LpNormalization: along("axis", -1, "takes the norm of all rows"),
  CumSum: cumulative,
  TopK: topK,
  Trilu: matrices((_, fact) => fact),
  Det: matrices((_, fact) => without(fact, [shapeOf(fact).length - 2, shapeOf(fact).length - 1], false)),
  DFT: fourier,
  STFT: framesOfSignals,
  ReverseSequence: reverseSequence,
  CenterCropPad: centerCrop,
};
