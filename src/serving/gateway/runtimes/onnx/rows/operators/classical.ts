import { input, intOf, othersFixed, type Call, type Rule } from "../call.ts";
import { NotShown, rows, shapeOf } from "../facts.ts";
import { sameSize, sizeOf, someSize, type Size } from "../sizes.ts";
import { factOf, placed } from "../broadcast.ts";
import { firstAlone } from "./elementwise.ts";
import { reshaped } from "./along-axes.ts";
import { arrayFeatureExtractor } from "./selecting.ts";

/** A table, a row of it per row; of one dimension it would be a single row. */
function table(call: Call, at = 0): readonly Size[] {
  const fact = input(call, at);
  const shape = shapeOf(fact);
  if (shape.length !== 2 || (fact.of === "rows" && fact.axis !== 0)) throw new NotShown("takes what is no table with a row of its own for each");
  return shape;
}

const wide =
  (width: (call: Call) => number | undefined): Rule =>
  (call) => {
    othersFixed(call);
    const columns = width(call);
    return [reshaped(input(call, 0), [table(call)[0], columns === undefined ? someSize() : sizeOf(columns)])];
  };

/** Labels, then scores of the classes. */
const classifier: Rule = (call) => {
  const x = input(call, 0);
  const [count] = table(call);
  const { attributes } = call;
  const classes = attributes.get("classlabels_int64s")?.ints?.length ?? attributes.get("classlabels_ints")?.ints?.length ?? attributes.get("classlabels_strings")?.texts?.length;
  return [reshaped(x, [count]), reshaped(x, [count, classes === undefined || classes < 2 ? someSize() : sizeOf(classes)])];
};

const oneHotEncoder: Rule = (call) => {
  const { shape, axis } = placed(input(call, 0));
  const categories = call.attributes.get("cats_int64s")?.ints?.length ?? call.attributes.get("cats_strings")?.texts?.length;
  return [factOf({ shape: [...shape, categories === undefined ? someSize() : sizeOf(categories)], axis })];
};

const sameTable: Rule = (call) => {
  table(call);
  return firstAlone(call);
};

/** Features of some columns each, side by side. */
const featureVectorizer: Rule = (call) => {
  const count = call.inputs.map((_, at) => table(call, at)[0]);
  if (call.inputs.some((fact) => fact!.of !== "rows")) throw new NotShown("puts rows beside what is not by row");
  return [rows([count[0], someSize()], 0)];
};

/** A map of class to probability per row: no tensor, and as many as rows. */
const zipMap: Rule = (call) => [reshaped(input(call, 0), [table(call)[0]])];

/** Each element by itself, in any shape. */
const mapped: Rule = (call) => [{ ...input(call, 0), values: undefined }];

const columnsOrOne = (call: Call): number => intOf(call, "targets", 1);

export const classicalRules: Readonly<Record<string, Rule>> = {
  TreeEnsembleRegressor: wide((call) => call.attributes.get("n_targets")?.int ?? 1),
  TreeEnsemble: wide((call) => call.attributes.get("n_targets")?.int),
  LinearRegressor: wide(columnsOrOne),
  SVMRegressor: wide(() => 1),
  TreeEnsembleClassifier: classifier,
  LinearClassifier: classifier,
  SVMClassifier: classifier,
  Scaler: sameTable,
  Imputer: sameTable,
  Normalizer: sameTable,
  Binarizer: mapped,
  LabelEncoder: mapped,
  CategoryMapper: mapped,
  OneHotEncoder: oneHotEncoder,
  FeatureVectorizer: featureVectorizer,
  ArrayFeatureExtractor: arrayFeatureExtractor,
  ZipMap: zipMap,
};

/** Tensors by row side by side, which go out one by one; what is done with a sequence has no rule, so nothing is said of its members. */
export const sequenceOfRows: Rule = (call) => {
  const members = call.inputs.map((_, at) => input(call, at));
  const [first] = members;
  if (!first || members.some((one) => one.of !== "rows" || one.axis !== 0 || !sameSize(one.shape[0], first.shape![0]))) throw new NotShown("puts together what is not by row");
  return [rows([first.shape![0]], 0)];
};

/** Words of a text per row, counted. */
export const tfIdf: Rule = (call) => [reshaped(input(call, 0), [table(call)[0], someSize()])];

/** The parts of texts, in as many columns as the text of all rows with the most parts has; then how many each has. */
export const stringSplit: Rule = (call) => [{ of: "mixed", why: "StringSplit gives as many columns as the longest of all rows has parts" }, { ...input(call, 0), values: undefined }];
