import { input, othersFixed, textOf, type Rule } from "../call.ts";
import { NotShown, rows, shapeOf } from "../facts.ts";
import { sameSize } from "../sizes.ts";

/** Scores [rows, classes, …], labels [rows, …], weights of the classes; a loss for each label where nothing is added up, then the logarithms of the probabilities. */
const loss: Rule = (call) => {
  const [scores, labels] = [input(call, 0), input(call, 1)];
  othersFixed(call, [0, 1]);
  if (textOf(call, "reduction", "mean") !== "none") throw new NotShown("adds up over the rows");
  if (scores.of !== "rows" || scores.axis !== 0 || labels.of !== "rows" || labels.axis !== 0 || !sameSize(scores.shape[0], labels.shape[0])) throw new NotShown("takes scores and labels that are not by row");
  return [rows(shapeOf(labels), 0), scores];
};

export const lossRules: Readonly<Record<string, Rule>> = { SoftmaxCrossEntropyLoss: loss, NegativeLogLikelihoodLoss: loss };
