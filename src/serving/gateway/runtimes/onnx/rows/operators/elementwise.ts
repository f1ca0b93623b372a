import { broadcast, factOf, placed } from "../broadcast.ts";
import { input, intOf, othersFixed, type Call, type Rule } from "../call.ts";
import { axisIn, NotShown, shapeOf, type Fact } from "../facts.ts";
import { isOne } from "../sizes.ts";

/** Each element of the output from the elements at its place. */
export const elementwise: Rule = (call) => {
  const given = call.inputs.filter((fact) => fact !== undefined);
  if (given.length === 0) throw new NotShown("takes nothing");
  const fact = given.length === 1 ? given[0] : factOf(broadcast(given.map(placed)));
  const plain: Fact = fact.values ? { ...fact, values: undefined } : fact;
  return call.outputs.map(() => plain);
};

/** As its first input, whatever the others are as long as they are no rows. */
export const firstAlone: Rule = (call) => {
  othersFixed(call);
  return [input(call, 0)];
};

const names =
  "Abs Acos Acosh Add And Asin Asinh Atan Atanh BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast Ceil Celu Cos Cosh Div Elu Equal Erf Exp Floor Gelu Greater GreaterOrEqual HardSigmoid " +
  "HardSwish Identity IsInf IsNaN LeakyRelu Less LessOrEqual Log Max Mean Min Mish Mod Mul Neg Not Or PRelu Pow Reciprocal RegexFullMatch Relu Round Selu Shrink Sigmoid Sign Sin Sinh Softplus " +
  "Softsign Sqrt StringConcat Sub Sum Swish Tan Tanh ThresholdedRelu Where Xor";

/** The type alone is taken of the second input. */
const castLike: Rule = (call) => [input(call, 0)];

/** Off, unless training is asked for; the mask, its second output, is then all ones. */
const dropout: Rule = (call) => {
  if (call.opset < 7 && intOf(call, "is_test", 0) === 0) throw new NotShown("draws random numbers");
  const training = call.inputs[2];
  if (training && (training.of !== "fixed" || training.values?.length !== 1 || training.values[0].times !== 0)) throw new NotShown("may draw random numbers, as it may be told to train");
  return [input(call, 0), input(call, 0)];
};

/** One scale for all, or one for each place along `axis`. */
const quantize: Rule = (call) => {
  othersFixed(call);
  const x = input(call, 0);
  const scale = shapeOf(input(call, 1));
  const one = scale.every((size) => isOne(size));
  if (x.of === "rows" && !one && (scale.length !== 1 || axisIn(intOf(call, "axis", 1), x.shape.length) === x.axis)) throw new NotShown("has scales of their own for places where rows are counted");
  return [x];
};

export const elementwiseRules: Readonly<Record<string, Rule>> = {
  ...Object.fromEntries(names.split(" ").map((name) => [name, elementwise])),
  CastLike: castLike,
  Clip: firstAlone,
  Dropout: dropout,
  QuantizeLinear: quantize,
  DequantizeLinear: quantize,
};

/** The first inputs element by element, the others (scales, zero points) fixed. */
export const elementwiseOf =
  (places: readonly number[]): Rule =>
  (call: Call) => {
    othersFixed(call, places);
    return [factOf(broadcast(places.map((at) => placed(input(call, at)))))];
  };
