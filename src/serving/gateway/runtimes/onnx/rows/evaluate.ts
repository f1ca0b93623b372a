import type { Call } from "./call.ts";
import type { Attribute, FunctionDefinition, GraphDefinition, ModelDefinition, NodeDefinition } from "./definition.ts";
import { fixed, NotShown, type Fact, type MixedFact } from "./facts.ts";
import { foldedValues } from "./fold.ts";
import { Random } from "./operators/random.ts";
import { isKnownDomain, ruleOf } from "./operators/rules.ts";
import { constantFact, countingOperators, tellingOperators } from "./operators/shapes.ts";

/** Nodes looked at, those of functions as often as they are called. */
const mostEvaluated = 2_000_000;
const deepest = 64;
/** Times that the nodes of a graph are gone through, should they not be in order. */
const mostPasses = 8;

/** Names and what is known of their values, with those of the graph around. */
export class Scope {
  readonly #facts = new Map<string, Fact>();
  readonly #around: Scope | undefined;
  readonly #eachRow: boolean;

  /** `eachRow`: a body that is gone through row by row, in which rows of the graph around are other rows as well. */
  constructor(around?: Scope, eachRow = false) {
    this.#around = around;
    this.#eachRow = eachRow;
  }

  get(name: string): Fact | undefined {
    const own = this.#facts.get(name);
    if (own || !this.#around) return own;
    const fact = this.#around.get(name);
    if (!fact || !this.#eachRow || fact.of === "fixed") return fact;
    return mixed(`the body of an operator reads "${name}", all rows of it, for each row`);
  }

  set(name: string, fact: Fact): void {
    this.#facts.set(name, fact);
  }
}

export const mixed = (why: string, unsized = false): MixedFact => ({ of: "mixed", why, ...(unsized && { unsized }) });

/** What surrounds the nodes of a graph or function. */
interface Surroundings {
  readonly opsets: ReadonlyMap<string, number>;
  /** What the attributes of a function stand for. */
  readonly given?: ReadonlyMap<string, Attribute>;
  readonly depth: number;
}

/** Finds out of every value of a model, from those of its inputs, what it has to do with rows. */
export class Evaluation {
  readonly #model: ModelDefinition;
  #evaluated = 0;

  constructor(model: ModelDefinition) {
    this.#model = model;
  }

  /** The facts of the outputs of the whole graph. */
  outputs(inputs: ReadonlyMap<string, Fact>): readonly Fact[] {
    const { graph, opsets } = this.#model;
    const scope = new Scope();
    for (const [name, fact] of inputs) scope.set(name, fact);
    return this.#graph(graph, scope, { opsets, depth: 0 });
  }

  #graph({ constants, sparse, nodes, outputs }: GraphDefinition, scope: Scope, around: Surroundings): readonly Fact[] {
    for (const name of sparse) scope.set(name, fixed());
    for (const constant of constants) scope.set(constant.name, constantFact(constant));
    this.#nodes(nodes, scope, around);
    return outputs.map(({ name }) => scope.get(name) ?? mixed(`nothing makes "${name}"`));
  }

  #nodes(nodes: readonly NodeDefinition[], scope: Scope, around: Surroundings): void {
    if (around.depth > deepest) throw new RangeError(`its graphs and functions lie more than ${deepest} deep in each other`);
    let left = nodes;
    for (let pass = 0; left.length > 0 && pass < mostPasses; pass++) {
      const waiting: NodeDefinition[] = [];
      for (const node of left) {
        if (node.inputs.some((name) => name !== "" && !scope.get(name))) waiting.push(node);
        else this.#node(node, scope, around);
      }
      if (waiting.length === left.length) break;
      left = waiting;
    }
    for (const { outputs, operator } of left) for (const name of outputs) if (!scope.get(name)) scope.set(name, mixed(`${operator} lacks what it takes`));
  }

  #node(node: NodeDefinition, scope: Scope, around: Surroundings): void {
    if (++this.#evaluated > mostEvaluated) throw new RangeError(`more than ${mostEvaluated} nodes would have to be looked at`);
    const inputs = node.inputs.map((name) => (name === "" ? undefined : scope.get(name)));
    const attributes = withReferences(node.attributes, around.given);
    const own = this.#model.functions.get(`${node.domain}:${node.operator}`);
    const facts = own ? this.#called(own, inputs, attributes, around) : this.#ruled({ ...node, attributes }, inputs, scope, around);
    for (const [at, name] of node.outputs.entries()) if (name !== "") scope.set(name, facts[at] ?? mixed(`the output ${at + 1} of ${said(node)} is not known`));
  }

  #called(own: FunctionDefinition, inputs: readonly (Fact | undefined)[], attributes: ReadonlyMap<string, Attribute>, around: Surroundings): readonly Fact[] {
    const scope = new Scope();
    for (const [at, name] of own.inputs.entries()) {
      const fact = inputs[at];
      if (fact) scope.set(name, fact);
    }
    const opsets = own.opsets.size > 0 ? own.opsets : around.opsets;
    this.#nodes(own.nodes, scope, { opsets, given: new Map([...own.defaults, ...attributes]), depth: around.depth + 1 });
    return own.outputs.map((name) => scope.get(name) ?? mixed(`a function does not make its output "${name}"`));
  }

  #ruled(node: NodeDefinition, inputs: readonly (Fact | undefined)[], scope: Scope, around: Surroundings): readonly Fact[] {
    const known = inputs.filter((fact) => fact !== undefined);
    const spoilt = known.find((fact) => fact.of === "mixed");
    const all = (fact: Fact) => node.outputs.map(() => fact);
    if (spoilt) return all(known.find((fact) => fact.of === "mixed" && fact.unsized) ?? spoilt);
    const closed = ![...node.attributes.values()].some(({ graph }) => graph);
    const allFixed = closed && known.every(({ of }) => of === "fixed");
    const counts = known.some(({ of }) => of === "count");
    const rule = ruleOf(node.domain, node.operator);
    // What all rows have in common stays so, whatever is made of it.
    if (!rule) return all(allFixed && isKnownDomain(node.domain) ? tainted(fixed(), known) : mixed(`${said(node)} is not known to keep rows apart`));
    const counting = countingOperators.has(node.operator) && node.domain === "";
    const countAlone = counts && !counting && !known.some(({ of }) => of === "rows");
    if (counts && !counting && !countAlone) return all(mixed(`${said(node)} brings the number of rows into each of them`));
    const call: Call = {
      operator: node.operator,
      opset: around.opsets.get(node.domain) ?? 1,
      inputs: countAlone ? inputs.map((fact) => (fact?.of === "count" ? fixed(fact.shape, fact.values) : fact)) : inputs,
      outputs: node.outputs,
      attributes: node.attributes,
      within: (graph, given, eachRow) => {
        const inner = new Scope(scope, eachRow);
        for (const [at, { name }] of graph.inputs.entries()) if (given[at]) inner.set(name, given[at]);
        return this.#graph(graph, inner, { ...around, depth: around.depth + 1 });
      },
    };
    try {
      return rule(call).map((fact, at) => this.#told(fact, call, at, node.domain, countAlone, known));
    } catch (error) {
      if (!(error instanceof NotShown)) throw error;
      if (allFixed && !(error instanceof Random)) return all(tainted(fixed(), known));
      if (countAlone && closed && !(error instanceof Random)) return all({ of: "count" });
      return all(mixed(`${said(node)} ${error.message}`, error.unsized));
    }
  }

  /** A fact of an output with the values that are followed. */
  #told(fact: Fact, call: Call, at: number, domain: string, countAlone: boolean, known: readonly Fact[]): Fact {
    if (fact.of === "rows" || fact.of === "mixed") return fact;
    const short = fact.shape !== undefined && fact.shape.length <= 1;
    const values = !short || at > 0 || domain !== "" ? undefined : tellingOperators.has(call.operator) ? fact.values : foldedValues(call);
    if (countAlone || fact.of === "count") return { of: "count", shape: fact.shape, values };
    return tainted({ ...fact, values }, known);
  }
}

/** Made of what is of this turn of a body, it is so, too. */
const tainted = (fact: Fact, from: readonly Fact[]): Fact => (fact.of === "fixed" && from.some((one) => one.of === "fixed" && one.turn) ? { ...fact, turn: true } : fact);

const said = ({ operator, name, domain }: NodeDefinition): string => `${domain === "" || domain === "ai.onnx.ml" ? operator : `${domain}.${operator}`}${name === "" ? "" : ` "${name}"`}`;

function withReferences(attributes: ReadonlyMap<string, Attribute>, given: ReadonlyMap<string, Attribute> | undefined): ReadonlyMap<string, Attribute> {
  if (![...attributes.values()].some(({ refersTo }) => refersTo !== undefined)) return attributes;
  const found = new Map<string, Attribute>();
  for (const [name, attribute] of attributes) {
    const stands = attribute.refersTo === undefined ? attribute : given?.get(attribute.refersTo);
    if (stands) found.set(name, stands);
  }
  return found;
}
