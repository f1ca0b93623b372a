import type { Rule } from "../call.ts";
import { axisRules } from "./along-axes.ts";
import { classicalRules, sequenceOfRows, stringSplit, tfIdf } from "./classical.ts";
import { controlRules } from "./control.ts";
import { elementwiseRules } from "./elementwise.ts";
import { imageRules } from "./images.ts";
import { lossRules } from "./losses.ts";
import { productRules } from "./products.ts";
import { dynamicScale, quantizedRules } from "./quantized.ts";
import { randomRules } from "./random.ts";
import { recurrentRules } from "./recurrent.ts";
import { reshapingRules } from "./reshaping.ts";
import { selectingRules } from "./selecting.ts";
import { shapeRules } from "./shapes.ts";
import { ownTransformerRules, transformerRules } from "./transformers.ts";

const own: Readonly<Record<string, Rule>> = {
  ...elementwiseRules,
  ...productRules,
  ...axisRules,
  ...reshapingRules,
  ...selectingRules,
  ...shapeRules,
  ...imageRules,
  ...recurrentRules,
  ...controlRules,
  ...randomRules,
  ...ownTransformerRules,
  ...lossRules,
  DynamicQuantizeLinear: dynamicScale,
  TfIdfVectorizer: tfIdf,
  SequenceConstruct: sequenceOfRows,
  StringSplit: stringSplit,
};

/** Of com.microsoft, where it has operators of ONNX's own set that do the same there. */
const shared = ["QuantizeLinear", "DequantizeLinear", "Trilu", "Pad"];

const contributed: Readonly<Record<string, Rule>> = { ...Object.fromEntries(shared.map((name) => [name, own[name]])), ...quantizedRules, ...transformerRules };

const rulesByDomain = new Map([
  ["", new Map(Object.entries(own))],
  ["ai.onnx.ml", new Map(Object.entries(classicalRules))],
  ["com.microsoft", new Map(Object.entries(contributed))],
]);

/** The rule of an operator of a domain ("" for ONNX's own); undefined for what is not known here. */
export const ruleOf = (domain: string, operator: string): Rule | undefined => rulesByDomain.get(domain)?.get(operator);

/** Domains whose operators, given the same, answer the same, but for those that draw random numbers. */
export const isKnownDomain = (domain: string): boolean => rulesByDomain.has(domain);
