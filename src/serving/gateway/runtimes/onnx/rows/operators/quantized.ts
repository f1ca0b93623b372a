import { factOf, placed } from "../broadcast.ts";
import { input, intOf, othersFixed, type Rule } from "../call.ts";
import { axisIn, NotShown, rows, shapeOf } from "../facts.ts";
import { sameSize, sizeOf, someSize } from "../sizes.ts";
import { notAlongRows, reshaped } from "./along-axes.ts";
import { elementwiseOf } from "./elementwise.ts";
import { globalPool } from "./images.ts";
import { matrixProduct } from "./products.ts";

/** One scale for the whole tensor: the greatest value of any row decides how coarse all of them become. */
export const dynamicScale: Rule = (call) => {
  if (call.inputs.some((fact) => fact && fact.of !== "fixed")) throw new NotShown("takes one scale for all rows together");
  throw new NotShown("is not followed");
};

/** Weights of a few bits, [N, blocks, …], whose N and K are attributes. */
const matMulBits: Rule = (call) => {
  othersFixed(call);
  const { shape, axis } = placed(input(call, 0));
  if (axis === shape.length - 1) throw new NotShown("adds up over the rows");
  return [factOf({ shape: [...shape.slice(0, -1), call.attributes.has("N") ? sizeOf(intOf(call, "N", 1)) : someSize()], axis })];
};

/** A, its scale and zero point, B, its scale and zero point, C. */
const qGemm: Rule = (call) => {
  othersFixed(call, [0, 3]);
  return [matrixProduct(input(call, 0), input(call, 3), intOf(call, "transA", 0) !== 0, intOf(call, "transB", 0) !== 0)];
};

const matMulToFloat: Rule = (call) => {
  othersFixed(call, [0, 1]);
  return [matrixProduct(input(call, 0), input(call, 1))];
};

const qSoftmax: Rule = (call) => {
  const x = input(call, 0);
  othersFixed(call);
  const rank = shapeOf(x).length;
  const axis = axisIn(intOf(call, "axis", -1), rank);
  const axes = intOf(call, "opset", 13) < 13 ? Array.from({ length: rank - axis }, (_, at) => axis + at) : [axis];
  notAlongRows(x, axes, "makes all rows sum to one");
  return [x];
};

/** Scale and zero point of the output, then tensor, scale, zero point of each part. */
const qConcat: Rule = (call) => {
  const parts = call.inputs.slice(2).filter((_, at) => at % 3 === 0);
  const first = parts[0];
  const axis = axisIn(intOf(call, "axis", 1), first ? shapeOf(first).length : 0);
  if (first?.of !== "rows" || first.axis === axis || parts.some((part) => part?.of !== "rows" || part.axis !== first.axis || !sameSize(part.shape[part.axis], first.shape[first.axis]))) throw new NotShown("puts rows beside what is not by row");
  for (const [at, fact] of call.inputs.entries()) if (fact && fact.of !== "fixed" && (at < 2 || (at - 2) % 3 !== 0)) throw new NotShown("takes a scale from the rows");
  return [rows(first.shape.with(axis, someSize()), first.axis)];
};

const qPool: Rule = (call) => {
  const x = input(call, 0);
  othersFixed(call);
  const shape = shapeOf(x);
  if ((x.of === "rows" && x.axis !== 0) || intOf(call, "channels_last", 0) !== 0) throw new NotShown("takes the rows for something of an image");
  return [reshaped(x, [...shape.slice(0, 2), ...shape.slice(2).map(() => someSize())])];
};

/** Quantized and of few bits, of the set com.microsoft. */
export const quantizedRules: Readonly<Record<string, Rule>> = {
  DynamicQuantizeMatMul: dynamicScale,
  DynamicQuantizeLSTM: dynamicScale,
  MatMulIntegerToFloat: matMulToFloat,
  MatMulNBits: matMulBits,
  QGemm: qGemm,
  QLinearAdd: elementwiseOf([0, 3]),
  QLinearMul: elementwiseOf([0, 3]),
  QLinearSigmoid: elementwiseOf([0]),
  QLinearLeakyRelu: elementwiseOf([0]),
  QLinearWhere: elementwiseOf([0, 1, 4]),
  QLinearSoftmax: qSoftmax,
  QLinearConcat: qConcat,
  QLinearAveragePool: qPool,
  QLinearGlobalAveragePool: (call) => {
    if (intOf(call, "channels_last", 0) !== 0) throw new NotShown("is of a layout that is not followed");
    return globalPool(call);
  },
};

