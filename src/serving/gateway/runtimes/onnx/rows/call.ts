import { NotShown, numbersOf, type Fact } from "./facts.ts";
import type { Attribute, GraphDefinition } from "./definition.ts";

/** An operator as its rule sees it. */
export interface Call {
  readonly operator: string;
  /** Version of the operator set of its domain. */
  readonly opset: number;
  /** Undefined where an optional one is left out. */
  readonly inputs: readonly (Fact | undefined)[];
  /** "" where an output is not used. */
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, Attribute>;
  /** The facts of the outputs of a graph within, whose inputs are these. */
  within(graph: GraphDefinition, inputs: readonly Fact[], eachRow: boolean): readonly Fact[];
}

/**
 * Facts of the outputs, in their order, at least for those that are used. Throws NotShown where the operator puts rows together or is not understood so far.
 * Never called with a mixed input, and with one that counts rows only where the operator says so (`CountRule`).
 */
export type Rule = (call: Call) => readonly Fact[];

/** An input that must be there. */
export function input({ inputs }: Call, at: number): Fact {
  const fact = inputs[at];
  if (!fact) throw new NotShown(`lacks its input ${at + 1}`);
  return fact;
}

/** Fails where an input after the first depends on rows or their number. */
export function othersFixed({ inputs }: Call, except: readonly number[] = [0]): void {
  for (const [at, fact] of inputs.entries()) {
    if (fact && fact.of !== "fixed" && !except.includes(at)) throw new NotShown(`takes from the rows what it does to all of them (its input ${at + 1})`);
  }
}

export const intOf = ({ attributes }: Call, name: string, otherwise: number): number => attributes.get(name)?.int ?? otherwise;

export const textOf = ({ attributes }: Call, name: string, otherwise: string): string => attributes.get(name)?.text ?? otherwise;

/** Integers that an input gives, `what` in words; undefined where it is left out. Fails where they are not known from the graph. */
export function numbersAt({ inputs }: Call, at: number, what: string): readonly number[] | undefined {
  const fact = inputs[at];
  if (!fact) return undefined;
  const numbers = fact.of === "fixed" ? numbersOf(fact) : undefined;
  if (!numbers) throw new NotShown(`computes its ${what}`);
  return numbers;
}

/** Integers of an attribute or, in later versions of an operator, of an input; undefined where neither is there. Fails where they are not known. */
export function listOf(call: Call, name: string, at: number): readonly number[] | undefined {
  const attribute = call.attributes.get(name);
  if (!attribute) return numbersAt(call, at, name);
  if (attribute.ints) return attribute.ints;
  throw new NotShown(`has ${name} that cannot be read`);
}
