import { broadcast, factOf, placed } from "../broadcast.ts";
import { input, intOf, othersFixed, type Call, type Rule } from "../call.ts";
import { NotShown, rows, shapeOf, type Fact } from "../facts.ts";
import { isOne, sameSize, someSize } from "../sizes.ts";
import { layerNormalization, notAlongRows, without } from "./along-axes.ts";
import { elementwise } from "./elementwise.ts";
import { convolution } from "./images.ts";
import { matrixProduct } from "./products.ts";

/** x, what is added to it, and weights over the last dimension; outputs: the sum normalized, two statistics, the sum. */
const skipNormalization: Rule = (call) => {
  const sum = factOf(broadcast([placed(input(call, 0)), placed(input(call, 1))]));
  othersFixed(call, [0, 1]);
  const last = shapeOf(sum).length - 1;
  notAlongRows(sum, [last], "takes the mean of all rows");
  const statistics = without(sum, [last], true);
  return [sum, statistics, statistics, sum];
};

/** The first dimension of each is the batch (past states: the second); the weights named are fixed. */
const attention =
  (weights: readonly number[], states: readonly number[]): Rule =>
  (call: Call) => {
    const x = input(call, 0);
    if (x.of !== "rows" || x.axis !== 0) throw new NotShown("attends to what is not by row");
    for (const [at, fact] of call.inputs.entries()) {
      if (!fact) continue;
      if (weights.includes(at)) {
        if (fact.of !== "fixed") throw new NotShown("takes its weights from the rows");
      } else if (!byRow(fact, states.includes(at) ? 1 : 0, x)) throw new NotShown("attends to what is not by row");
    }
    const [count] = x.shape;
    const like = rows(x.shape.map((_, at) => (at === 0 ? count : someSize())), 0);
    return call.outputs.map((_, at) => {
      if (at === 0) return like;
      return states.length > 0 ? rows([someSize(), count, someSize(), someSize(), someSize()], 1) : rows([count, someSize(), someSize(), someSize()], 0);
    });
  };

/** Biases over attention scores may be the same for all rows, in a first dimension of 1. */
const byRow = (fact: Fact, axis: number, x: Fact): boolean =>
  fact.of === "rows" ? fact.axis === axis && sameSize(fact.shape[axis], shapeOf(x)[0]) : fact.of === "fixed" && fact.shape !== undefined && (fact.shape.length === 4 ? isOne(fact.shape[0]) : fact.shape.length === 0);

/** ONNX's own, of operator set 23: query, key, value, and a mask that is broadcast. */
const ownAttention: Rule = (call) => {
  const given = call.inputs.slice(0, 3);
  if (given.some((fact) => fact?.of !== "rows" || fact.axis !== 0) || call.inputs.length > 4 || call.outputs.slice(1).some((name) => name !== "")) throw new NotShown("attends to what is not by row, or keeps states");
  const mask = call.inputs[3];
  const query = given[0]!;
  if (mask && !(mask.of === "fixed" && mask.shape && (mask.shape.length < 4 || isOne(mask.shape[0]))) && !(mask.of === "rows" && mask.axis === 0 && mask.shape.length === 4)) throw new NotShown("has a mask that is not by row");
  return [rows(shapeOf(query).map((size, at) => (at === 0 ? size : someSize())), 0)];
};

const fusedMatMul: Rule = (call) => {
  if (intOf(call, "transBatchA", 0) !== 0 || intOf(call, "transBatchB", 0) !== 0) throw new NotShown("turns dimensions in a way that is not followed");
  return [matrixProduct(input(call, 0), input(call, 1), intOf(call, "transA", 0) !== 0, intOf(call, "transB", 0) !== 0)];
};

const fusedGemm: Rule = (call) => {
  const product = matrixProduct(input(call, 0), input(call, 1), intOf(call, "transA", 0) !== 0, intOf(call, "transB", 0) !== 0);
  return [call.inputs[2] ? factOf(broadcast([placed(product), placed(call.inputs[2])])) : product];
};

/** Each row of the one with each of the other. */
const distances: Rule = (call) => [matrixProduct(input(call, 0), input(call, 1), false, true)];

/** input_ids and segment_ids [rows, length], tables, mask and position_ids [rows, length]; answers [rows, length, width] and a number per row. */
const embedNormalization: Rule = (call) => {
  const ids = input(call, 0);
  if (ids.of !== "rows" || ids.axis !== 0) throw new NotShown("looks up what is not by row");
  for (const at of [1, 7, 8]) {
    const fact = call.inputs[at];
    if (fact && !(fact.of === "rows" && fact.axis === 0)) throw new NotShown("takes positions or segments that are not by row");
  }
  othersFixed(call, [0, 1, 7, 8]);
  const embedded = rows([ids.shape[0], ids.shape[1], someSize()], 0);
  return [embedded, rows([ids.shape[0]], 0), embedded];
};

/** x [rows, heads, length, width] or [rows, length, width], positions by row or one offset for all, then caches of cosine and sine. */
const rotary: Rule = (call) => {
  const [x, positions] = [input(call, 0), input(call, 1)];
  if (x.of !== "rows" || x.axis !== 0) throw new NotShown("turns what is not by row");
  othersFixed(call, [0, 1]);
  if (positions.of === "rows" ? positions.axis !== 0 : !(positions.shape?.length === 1 && isOne(positions.shape[0]))) throw new NotShown("takes positions that are not by row");
  return [x];
};

/** ONNX's own, of operator set 23: x as above, caches of cosine and sine, positions by row; without positions the caches are by row, too. */
const ownRotary: Rule = (call) => {
  const [x, cosine, sine] = [input(call, 0), input(call, 1), input(call, 2)];
  const positions = call.inputs[3];
  if (x.of !== "rows" || x.axis !== 0) throw new NotShown("turns what is not by row");
  if (positions) {
    othersFixed(call, [0, 3]);
    if (positions.of !== "rows" || positions.axis !== 0 || !sameSize(positions.shape[0], x.shape[0])) throw new NotShown("takes positions that are not by row");
  } else if ([cosine, sine].some((cache) => cache.of !== "rows" || cache.axis !== 0 || !sameSize(cache.shape[0], x.shape[0]))) {
    throw new NotShown("takes angles that are not by row");
  }
  return [x];
};

/** Of the set com.microsoft, as ONNX Runtime's own optimisers write them (onnxruntime, docs/ContribOperators.md). */
export const transformerRules: Readonly<Record<string, Rule>> = {
  SkipLayerNormalization: skipNormalization,
  SkipSimplifiedLayerNormalization: skipNormalization,
  Attention: attention([1, 2], [4]),
  MultiHeadAttention: attention([3], []),
  EmbedLayerNormalization: embedNormalization,
  RotaryEmbedding: rotary,
  FusedMatMul: fusedMatMul,
  FusedGemm: fusedGemm,
  FusedConv: convolution(1),
  CDist: distances,
  BiasGelu: elementwise,
  FastGelu: elementwise,
  Gelu: elementwise,
  QuickGelu: elementwise,
  LayerNormalization: layerNormalization,
  SimplifiedLayerNormalization: layerNormalization,
};

export const ownTransformerRules: Readonly<Record<string, Rule>> = { Attention: ownAttention, RotaryEmbedding: ownRotary };
