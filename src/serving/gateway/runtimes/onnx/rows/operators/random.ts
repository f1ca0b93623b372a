import type { Rule } from "../call.ts";
import { NotShown } from "../facts.ts";

/** Even of what is fixed. */
export class Random extends NotShown {
  constructor() {
    super("draws random numbers");
  }
}

const drawing: Rule = () => {
  throw new Random();
};

export const randomRules: Readonly<Record<string, Rule>> = Object.fromEntries("Bernoulli Multinomial RandomNormal RandomNormalLike RandomUniform RandomUniformLike".split(" ").map((name) => [name, drawing]));
