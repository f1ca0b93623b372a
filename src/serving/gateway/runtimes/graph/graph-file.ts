import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, resolve } from "node:path";
import { parse } from "yaml";
import { describeError, invalid } from "../../../../errors.ts";
import type { EndpointRef } from "../runtime.ts";

/** When a row takes a step: all that is said must hold. */
export interface Condition {
  readonly input: string;
  readonly is?: string | number | boolean;
  readonly oneOf?: readonly (string | number | boolean)[];
  readonly above?: number;
  readonly below?: number;
}

export interface Step {
  readonly name: string;
  /** The model's place: an absolute path or a URL. A step has this, a node, or an endpoint. */
  readonly model?: string;
  readonly node?: string;
  readonly endpoint?: EndpointRef;
  /** Where the step's inputs come from, by the names it has for them; by the same name when absent. */
  readonly inputs: ReadonlyMap<string, string>;
  /** Other names for its outputs. */
  readonly outputs: ReadonlyMap<string, string>;
  readonly when?: Condition;
  readonly weight?: number;
  /** Goes on without the outputs of this step when it fails. */
  readonly soft: boolean;
}

const kinds = ["sequence", "switch", "split", "ensemble"] as const;

export interface Node {
  readonly kind: (typeof kinds)[number];
  readonly steps: readonly Step[];
  /** Of a split: the input whose value decides; chance when absent. */
  readonly key?: string;
  /** Of an ensemble: outputs side by side, or their mean. */
  readonly combine: "join" | "mean";
}

export interface Graph {
  readonly nodes: ReadonlyMap<string, Node>;
}

type Json = Record<string, unknown>;

const root = "root";

/** Reads and checks a graph; models named by relative paths lie beside it. Fails with `serving.graph_invalid`, which names the place. */
export async function readGraph(file: string): Promise<Graph> {
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    throw invalid("serving.model_missing", `Cannot read the graph ${file}: ${describeError(error)}.`, { file });
  }
  const fail: Fail = (where, what) => invalid("serving.graph_invalid", `The graph ${file} is wrong at ${where}: ${what}.`, { file });
  let value: unknown;
  try {
    value = parse(text, { maxAliasCount: 100 });
  } catch (error) {
    throw fail("its text", describeError(error).split("\n")[0]);
  }
  const top = fields(value, "its top", ["nodes"], fail);
  const listed = fields(top["nodes"], "nodes", undefined, fail);
  const nodes = new Map(Object.entries(listed).map(([name, node]) => [name, readNode(node, `nodes.${name}`, dirname(file), fail)]));
  if (!nodes.has(root)) throw fail("nodes", `there must be one named "${root}", where requests begin`);
  checkReferences(nodes, fail);
  return { nodes };
}

type Fail = (where: string, what: string) => Error;

function readNode(value: unknown, where: string, folder: string, fail: Fail): Node {
  const node = fields(value, where, ["kind", "steps", "key", "combine"], fail);
  const kind = kinds.find((one) => one === node["kind"]);
  if (!kind) throw fail(`${where}.kind`, `it must be one of ${kinds.join(", ")}`);
  const { steps, key, combine = "join" } = node;
  if (!Array.isArray(steps) || steps.length === 0) throw fail(`${where}.steps`, "it must be a list of at least one step");
  if (key !== undefined && (kind !== "split" || typeof key !== "string")) throw fail(`${where}.key`, "it is the name of an input, and only a split has it");
  if (combine !== "join" && combine !== "mean") throw fail(`${where}.combine`, "it must be join or mean");
  if (combine === "mean" && kind !== "ensemble") throw fail(`${where}.combine`, "only an ensemble has it");
  const read = steps.map((step, index) => readStep(step, `${where}.steps[${index}]`, kind, index, folder, fail));
  const twice = read.find(({ name }, index) => read.findIndex((other) => other.name === name) !== index);
  if (twice) throw fail(`${where}.steps`, `two steps are named "${twice.name}"; give each a name of its own`);
  if (kind === "split" && !(read.reduce((sum, { weight }) => sum + weight!, 0) > 0)) throw fail(`${where}.steps`, "the weights must sum to more than 0");
  if (kind === "ensemble" && read.every(({ soft }) => soft)) throw fail(`${where}.steps`, "one step at least must be hard, or there may be no answer");
  return { kind, steps: read, combine, ...(key !== undefined && { key }) };
}

function readStep(value: unknown, where: string, kind: Node["kind"], index: number, folder: string, fail: Fail): Step {
  const step = fields(value, where, ["name", "model", "node", "endpoint", "version", "label", "inputs", "outputs", "when", "weight", "dependency"], fail);
  const { model, node, endpoint, weight, dependency = "hard" } = step;
  if ([model, node, endpoint].filter((target) => typeof target === "string" && target !== "").length !== 1) throw fail(where, "it must name either a model, a node or an endpoint");
  const asked = readEndpoint(step, where, fail);
  if (typeof model === "string" && /\.graph\.(ya?ml|json)$/.test(model)) throw fail(`${where}.model`, "a graph is no step of another; put its nodes into this file, or name the endpoint that serves it");
  if (kind === "split" ? typeof weight !== "number" || !(weight >= 0) : weight !== undefined) {
    throw fail(`${where}.weight`, kind === "split" ? "each step of a split has a weight, a number of 0 or more" : "only steps of a split have it");
  }
  if (step["when"] !== undefined && kind !== "switch") throw fail(`${where}.when`, "only steps of a switch have it");
  if (dependency !== "hard" && dependency !== "soft") throw fail(`${where}.dependency`, "it must be hard or soft");
  if (dependency === "soft" && (kind === "switch" || kind === "split")) throw fail(`${where}.dependency`, "a step that alone answers a row cannot be soft");
  const name = step["name"] ?? node ?? endpoint ?? `step${index + 1}`;
  if (typeof name !== "string" || name === "") throw fail(`${where}.name`, "it must be a string that is not empty");
  return {
    name,
    ...(typeof model === "string" && { model: model.includes("://") || isAbsolute(model) ? model : resolve(folder, model) }),
    ...(typeof node === "string" && { node }),
    ...(asked && { endpoint: asked }),
    inputs: names(step["inputs"], `${where}.inputs`, fail),
    outputs: names(step["outputs"], `${where}.outputs`, fail),
    ...(step["when"] !== undefined && { when: readCondition(step["when"], `${where}.when`, fail) }),
    ...(weight !== undefined && { weight: weight as number }),
    soft: dependency === "soft",
  };
}

/** The endpoint of a step; a version may be written as a number. */
function readEndpoint({ endpoint, version, label }: Json, where: string, fail: Fail): EndpointRef | undefined {
  if (endpoint === undefined) {
    if (version === undefined && label === undefined) return undefined;
    throw fail(`${where}.${version === undefined ? "label" : "version"}`, "only a step that names an endpoint has it");
  }
  if (version !== undefined && label !== undefined) throw fail(`${where}.label`, "a step asks for a version or for a label, not for both");
  const text = (value: unknown, what: string): string => {
    if (typeof value === "string" && value !== "") return value;
    if (typeof value === "number" && Number.isInteger(value)) return String(value);
    throw fail(`${where}.${what}`, "it must be a string that is not empty");
  };
  return { endpoint: endpoint as string, ...(version !== undefined && { version: text(version, "version") }), ...(label !== undefined && { label: text(label, "label") }) };
}

function readCondition(value: unknown, where: string, fail: Fail): Condition {
  const condition = fields(value, where, ["input", "is", "oneOf", "above", "below"], fail);
  const { input, is, oneOf, above, below } = condition;
  const plain = (one: unknown) => ["string", "number", "boolean"].includes(typeof one);
  if (typeof input !== "string") throw fail(`${where}.input`, "it must be the name of an input");
  if (is !== undefined && !plain(is)) throw fail(`${where}.is`, "it must be a string, a number or true or false");
  if (oneOf !== undefined && !(Array.isArray(oneOf) && oneOf.every(plain))) throw fail(`${where}.oneOf`, "it must be a list of strings, numbers or booleans");
  for (const [name, bound] of Object.entries({ above, below })) if (bound !== undefined && typeof bound !== "number") throw fail(`${where}.${name}`, "it must be a number");
  if ([is, oneOf, above, below].every((one) => one === undefined)) throw fail(where, "it must say is, oneOf, above or below");
  return condition as unknown as Condition;
}

function names(value: unknown, where: string, fail: Fail): ReadonlyMap<string, string> {
  if (value === undefined) return new Map();
  const entries = Object.entries(fields(value, where, undefined, fail));
  const wrong = entries.find(([, to]) => typeof to !== "string");
  if (wrong) throw fail(`${where}.${wrong[0]}`, "it must be a name");
  return new Map(entries as [string, string][]);
}

/** Every node that is named must be there, and none may come back to itself. */
function checkReferences(nodes: ReadonlyMap<string, Node>, fail: Fail): void {
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]) => {
    if (path.includes(name)) throw fail(`nodes.${name}`, `it comes back to itself: ${[...path.slice(path.indexOf(name)), name].join(" → ")}`);
    if (done.has(name)) return;
    for (const [index, { node }] of nodes.get(name)!.steps.entries()) {
      if (node === undefined) continue;
      if (!nodes.has(node)) throw fail(`nodes.${name}.steps[${index}].node`, `there is no node "${node}"; there is: ${[...nodes.keys()].join(", ")}`);
      visit(node, [...path, name]);
    }
    done.add(name);
  };
  visit(root, []);
  const unused = [...nodes.keys()].find((name) => !done.has(name));
  if (unused !== undefined) throw fail(`nodes.${unused}`, "no step leads to it");
}

function fields(value: unknown, where: string, known: readonly string[] | undefined, fail: Fail): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw fail(where, `it must be an object${known ? ` with ${known.join(", ")}` : ""}`);
  const other = known && Object.keys(value).find((key) => !known.includes(key));
  if (other !== undefined) throw fail(`${where}.${other}`, `there is no such field; there is: ${known!.join(", ")}`);
  return value as Json;
}
