import { higherIsBetter } from "../evaluation/metrics.ts";
import type { DataEvidence, Evidence, MetricEvidence } from "./evidence.ts";
import type { SignatureField } from "./mlmodel.ts";

/** How one thing differs from version A to version B; `same` things are told too, so that a reader sees what was looked at. */
export interface Difference {
  readonly name: string;
  readonly status: "added" | "removed" | "changed" | "same";
  readonly a: string | null;
  readonly b: string | null;
}

export interface MetricDifference {
  readonly metric: string;
  /** What both were measured on, where it was said. */
  readonly dataset: string | null;
  readonly a: MetricEvidence | null;
  readonly b: MetricEvidence | null;
  /** B minus A; null when one is missing. */
  readonly difference: number | null;
  /** Whether the two 95 % intervals share a value; null when one has none. Intervals apart mean more than chance, intervals that overlap say little. */
  readonly overlap: boolean | null;
  /** The better one, for metrics of which the better direction is known and whose intervals, if any, are apart. */
  readonly better: "a" | "b" | null;
}

export interface Comparison {
  readonly a: Evidence;
  readonly b: Evidence;
  readonly code: readonly Difference[];
  readonly data: readonly Difference[];
  readonly config: readonly Difference[];
  readonly environment: readonly Difference[];
  readonly metrics: readonly MetricDifference[];
  readonly signature: readonly Difference[];
  readonly graph: readonly Difference[];
  readonly files: readonly Difference[];
  /** Bytes: B minus A. */
  readonly sizeDifference: number;
}

/** Sets two versions side by side: ModelDB's four ingredients (code, data, configuration, environment), evaluation, signature, graph and files. */
export function compareEvidence(a: Evidence, b: Evidence): Comparison {
  return {
    a,
    b,
    code: differences(codeFacts(a), codeFacts(b)),
    data: differences(dataFacts(a.data), dataFacts(b.data)),
    config: differences(a.config, b.config),
    environment: differences(a.environment, b.environment),
    metrics: metricDifferences(a.evaluation, b.evaluation),
    signature: differences(signatureFacts(a), signatureFacts(b)),
    graph: differences(graphFacts(a), graphFacts(b)),
    files: differences(fileFacts(a), fileFacts(b)),
    sizeDifference: b.size - a.size,
  };
}

type Facts = Readonly<Record<string, string>>;

/** Typed differences of two sets of facts: those that differ first, then by name. */
export function differences(a: Facts, b: Facts): Difference[] {
  const names = [...new Set([...Object.keys(a), ...Object.keys(b)])].toSorted();
  const all = names.map((name): Difference => {
    const [before, after] = [Object.hasOwn(a, name) ? a[name] : null, Object.hasOwn(b, name) ? b[name] : null];
    return { name, a: before, b: after, status: before === null ? "added" : after === null ? "removed" : before === after ? "same" : "changed" };
  });
  return all.toSorted((one, other) => Number(one.status === "same") - Number(other.status === "same"));
}

const said = (facts: Readonly<Record<string, string | number | boolean | null>>): Facts => Object.fromEntries(Object.entries(facts).flatMap(([key, value]) => (value === null ? [] : [[key, String(value)]])));

const codeFacts = ({ code }: Evidence): Facts => (code ? said({ commit: code.commit, repository: code.repository, branch: code.branch, "not committed": code.dirty, "entry point": code.entryPoint }) : {});

function dataFacts(datasets: readonly DataEvidence[]): Facts {
  return Object.assign(
    {},
    ...datasets.map((one) => {
      const name = [one.role, one.name].filter((part) => part !== "").join(" ");
      const columns = Object.entries(one.columns).map(([column, type]) => [`${name}, column ${column}`, type]);
      return { ...said({ [`${name}, digest`]: one.digest, [`${name}, source`]: one.source || null, [`${name}, rows`]: one.rows }), ...Object.fromEntries(columns) };
    }),
  ) as Facts;
}

function signatureFacts({ signature }: Evidence): Facts {
  if (!signature) return {};
  const of = (kind: string, fields: readonly SignatureField[]): [string, string][] => fields.map((field, index) => [`${kind} ${field.name || index + 1}`, `${field.type}${field.default === undefined ? (field.required ? "" : ", optional") : `, ${field.default} if not given`}`]);
  return Object.fromEntries([...of("input", signature.inputs), ...of("output", signature.outputs), ...of("parameter", signature.params)]);
}

function graphFacts({ graph }: Evidence): Facts {
  if (!graph) return {};
  const counted = (kind: string, counts: Readonly<Record<string, number>>): [string, string][] => Object.entries(counts).map(([name, count]) => [`${kind} ${name || "ai.onnx"}`, String(count)]);
  return { "numbers in constants": String(graph.parameters), producer: graph.producer, ...Object.fromEntries([...counted("opset", graph.opsets), ...counted("operator", graph.operators)]) };
}

const fileFacts = ({ files }: Evidence): Facts => Object.fromEntries(files.map(({ path, sha256, size }) => [path, `${size} bytes, SHA-256 ${sha256.slice(0, 12)}`]));

function metricDifferences(a: readonly MetricEvidence[], b: readonly MetricEvidence[]): MetricDifference[] {
  const keyOf = ({ metric, dataset }: MetricEvidence): string => JSON.stringify([metric, dataset]);
  const [ofA, ofB] = [new Map(a.map((one) => [keyOf(one), one])), new Map(b.map((one) => [keyOf(one), one]))];
  return [...new Set([...ofA.keys(), ...ofB.keys()])].map((key) => {
    const [before, after] = [ofA.get(key) ?? null, ofB.get(key) ?? null];
    const { metric, dataset } = (before ?? after)!;
    const difference = before?.value == null || after?.value == null ? null : after.value - before.value;
    const overlap = before && after ? overlapping(before, after) : null;
    return { metric, dataset, a: before, b: after, difference, overlap, better: difference === null || overlap === true ? null : betterOf(metric, difference) };
  });
}

function overlapping(a: MetricEvidence, b: MetricEvidence): boolean | null {
  if (a.low === null || a.high === null || b.low === null || b.high === null) return null;
  return a.low <= b.high && b.low <= a.high;
}

/** Metrics of which less is better, as clients call them. */
const lowerIsBetter = /(^|_)(rmse|mse|mae|mape|loss|log_loss|error|mean_(squared|absolute)_error)$/i;
const greaterIsBetter = /(^|_)(accuracy|accuracy_score|f1|f1_score|precision|recall|roc_auc|auc|r2|r2_score)$/i;

function betterOf(metric: string, difference: number): "a" | "b" | null {
  if (difference === 0) return null;
  if (higherIsBetter(metric) || greaterIsBetter.test(metric)) return difference > 0 ? "b" : "a";
  return lowerIsBetter.test(metric) ? (difference < 0 ? "b" : "a") : null;
}
