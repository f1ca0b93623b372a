import type { InferenceSession } from "onnxruntime-node";
import type { Tensor } from "../../tensors/tensor.ts";
import { sameAnswers } from "./same-answers.ts";
import type { Closeness } from "./same-answers.ts";

/** How far ONNX Runtime rewrites a graph before it runs it. */
export interface Optimisation {
  readonly level: "all" | "extended" | "basic" | "disabled";
  /** One of its optimisers that is left out. */
  readonly without?: string;
}

export const usualOptimisation: Optimisation = { level: "all" };

/** From the fastest on. The optimiser named loses a transposition before a vector of one dimension (ONNX Runtime 1.30 and 1.32). */
const candidates: readonly Optimisation[] = [usualOptimisation, { level: "all", without: "MatmulTransposeFusion" }, { level: "extended" }, { level: "basic" }, { level: "disabled" }];

export const sessionOptions = ({ level, without }: Optimisation): InferenceSession.SessionOptions => ({
  graphOptimizationLevel: level,
  ...(without !== undefined && { extra: { optimization: { disable_specified_optimizers: without } } }),
});

/** A model loaded in some way, which answers samples: undefined for those that it does not take. */
export interface Trialled {
  answers(): Promise<Answers>;
  release(): Promise<void>;
}

type Answers = readonly (readonly Tensor[] | undefined)[];

export interface Checked<T> {
  readonly loaded: T;
  readonly optimisation: Optimisation;
  /** What came out, where it is worth telling. */
  readonly remark?: string;
}

/**
 * Loads a model optimised as far as samples are answered as without. One copy of it is in memory at a time. Fails where it cannot be loaded.
 */
export async function loadChecked<T extends Trialled>(load: (how: Optimisation) => Promise<T>, closeness: Closeness): Promise<Checked<T>> {
  const plain = await plainAnswers(load, closeness);
  if (typeof plain === "string") return { loaded: await load(usualOptimisation), optimisation: usualOptimisation, remark: `What ONNX Runtime's graph optimisations change could not be compared: ${plain}.` };
  let failure: unknown;
  for (const optimisation of candidates) {
    try {
      const loaded = await load(optimisation);
      if (agree(plain, await loaded.answers(), closeness)) return { loaded, optimisation, ...(optimisation !== usualOptimisation && { remark: remarkOf(optimisation) }) };
      await loaded.release();
    } catch (error) {
      failure = error;
    }
  }
  throw failure ?? new Error("it answers samples otherwise whenever it is loaded");
}

/** Answers without any optimisation, or why there are none to compare with. */
async function plainAnswers(load: (how: Optimisation) => Promise<Trialled>, closeness: Closeness): Promise<Answers | string> {
  let plain: Trialled;
  try {
    plain = await load({ level: "disabled" });
  } catch {
    return "it does not load the model without them";
  }
  try {
    const first = await plain.answers();
    if (!first.some((one) => one !== undefined)) return "the model takes none of the samples";
    // One that draws random numbers answers otherwise every time.
    return agree(first, await plain.answers(), closeness) ? first : "the model answers the same sample otherwise every time";
  } finally {
    await plain.release();
  }
}

/** Where the plain graph takes a sample, the other one must answer it likewise. */
const agree = (plain: Answers, other: Answers, closeness: Closeness): boolean => plain.every((one, at) => one === undefined || (other[at] !== undefined && sameAnswers(one, other[at], closeness)));

function remarkOf({ level, without }: Optimisation): string {
  const served = without !== undefined ? `with its optimiser ${without} left out` : level === "disabled" ? "without them" : `with those of the level "${level}" alone`;
  return `With all graph optimisations ONNX Runtime answers samples otherwise than without; the model is served ${served}.`;
}
