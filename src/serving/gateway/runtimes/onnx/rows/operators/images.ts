import { input, intOf, othersFixed, textOf, type Call, type Rule } from "../call.ts";
import { fixed, NotShown, rows, shapeOf, type Fact } from "../facts.ts";
import { hasRows, numberOf, sameSize, sizeOf, someSize, type Size } from "../sizes.ts";
import { reshaped } from "./along-axes.ts";

/** Images along the first dimension, and no row in another one. */
function images(call: Call, fact = input(call, 0)): readonly Size[] {
  if (fact.of === "rows" && fact.axis !== 0) throw new NotShown("takes the rows for something of an image");
  return shapeOf(fact);
}

function spatial(call: Call, sizes: readonly Size[], kernel: readonly (number | undefined)[]): readonly Size[] {
  const list = (name: string, otherwise: number) => call.attributes.get(name)?.ints ?? sizes.map(() => otherwise);
  const [strides, dilations] = [list("strides", 1), list("dilations", 1)];
  const pads = call.attributes.get("pads")?.ints ?? [...sizes, ...sizes].map(() => 0);
  const auto = textOf(call, "auto_pad", "NOTSET");
  return sizes.map((size, at) => {
    const [whole, wide] = [numberOf(size), kernel[at]];
    if (whole === undefined || wide === undefined || intOf(call, "ceil_mode", 0) !== 0) return someSize();
    if (auto.startsWith("SAME")) return sizeOf(Math.ceil(whole / strides[at]));
    const padded = auto === "VALID" ? 0 : pads[at] + pads[at + sizes.length];
    return sizeOf(Math.floor((whole + padded - dilations[at] * (wide - 1) - 1) / strides[at]) + 1);
  });
}

/** Images, weights; what follows is fixed as well. `weights` says which input they are. */
export const convolution =
  (weights: number): Rule =>
  (call) => {
    const x = input(call, 0);
    othersFixed(call);
    const shape = images(call);
    const kernel = input(call, weights).shape;
    const sizes = call.attributes.get("kernel_shape")?.ints ?? kernel?.slice(2).map(numberOf) ?? [];
    return [reshaped(x, [shape[0], kernel?.[0] ?? someSize(), ...spatial(call, shape.slice(2), sizes)])];
  };

/** Images in, images of a size that is not followed out. */
const imagewise: Rule = (call) => {
  const x = input(call, 0);
  othersFixed(call);
  const shape = images(call);
  return [reshaped(x, [shape[0], ...shape.slice(1).map(() => someSize())])];
};

const pool: Rule = (call) => {
  const x = input(call, 0);
  othersFixed(call);
  const shape = images(call);
  if (call.outputs[1] && x.of === "rows") throw new NotShown("gives places that are counted over all rows");
  const pooled = reshaped(x, [shape[0], shape[1], ...spatial(call, shape.slice(2), call.attributes.get("kernel_shape")?.ints ?? [])]);
  return [pooled, pooled];
};

export const globalPool: Rule = (call) => {
  const x = input(call, 0);
  othersFixed(call);
  const shape = images(call);
  return [reshaped(x, [...shape.slice(0, 2), ...shape.slice(2).map(() => sizeOf(1))])];
};

/** Statistics as they were learned; in training they are those of the batch. */
const batchNormalization: Rule = (call) => {
  const training = intOf(call, "training_mode", 0) !== 0 || (call.opset < 7 && intOf(call, "is_test", 0) === 0) || call.outputs.slice(1).some((name) => name !== "");
  if (training && input(call, 0).of !== "fixed") throw new NotShown("takes the mean of all rows, as in training");
  othersFixed(call);
  images(call);
  return call.outputs.map(() => input(call, 0));
};

/** The mean of each image by itself. */
const imageNormalization: Rule = (call) => {
  othersFixed(call);
  images(call);
  return [input(call, 0)];
};

/** By scales or sizes, of which the one for the rows must leave them as they are. */
const resize: Rule = (call) => {
  const x = input(call, 0);
  const shape = shapeOf(x);
  if (x.of !== "rows") return [fixed()];
  if (call.attributes.has("axes")) {
    if (call.attributes.get("axes")!.ints?.every((axis) => (axis < 0 ? axis + shape.length : axis) !== x.axis) !== true) throw new NotShown("resizes along the rows");
  } else {
    const [scales, sizes] = call.opset < 11 ? [call.inputs[1], undefined] : [call.inputs[2], call.inputs[3]];
    const given = call.attributes.get("scales")?.floats;
    const scale = given ? given[x.axis] : scales?.of === "fixed" ? numbersAtRows(scales, x.axis) : undefined;
    const size = sizes?.values?.[x.axis];
    if (scale !== 1 && !(size && sameSize(size, shape[x.axis]))) throw new NotShown("resizes along the rows, or by numbers that are computed");
    if (sizes?.values?.some((one, at) => at !== x.axis && hasRows(one))) throw new NotShown("takes a size from the number of rows");
  }
  if (call.inputs.slice(1).some((fact) => fact?.of === "rows" || (fact?.of === "count" && !fact.values))) throw new NotShown("takes from the rows how large an image becomes");
  return [rows(shape.map((size, at) => (at === x.axis ? size : someSize())), x.axis)];
};

/** Scales are fractions: only that of the rows is asked for. */
const numbersAtRows = (fact: Fact, at: number): number | undefined => (fact.of === "fixed" ? fact.numbers?.[at] : undefined);

/** Every input by rows along the first dimension, or fixed of size 1 there. */
const rowsTogether: Rule = (call) => {
  const given = call.inputs.filter((fact) => fact !== undefined);
  for (const fact of given) images(call, fact);
  if (given.some(({ of }) => of !== "rows")) throw new NotShown("takes images by row and something else that is not");
  const shape = shapeOf(given[0]);
  return [rows([shape[0], ...shape.slice(1).map(() => someSize())], 0)];
};


export const imageRules: Readonly<Record<string, Rule>> = {
  Conv: convolution(1),
  ConvInteger: convolution(1),
  QLinearConv: convolution(3),
  ConvTranspose: imagewise,
  AveragePool: pool,
  MaxPool: pool,
  LpPool: pool,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  GlobalLpPool: globalPool,
  BatchNormalization: batchNormalization,
  InstanceNormalization: imageNormalization,
  GroupNormalization: imageNormalization,
  LRN: imageNormalization,
  Resize: resize,
  Upsample: resize,
  GridSample: rowsTogether,
};

