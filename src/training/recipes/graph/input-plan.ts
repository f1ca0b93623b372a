import { invalid } from "../../../errors.ts";
import type { StoredType } from "../../../data/types.ts";
import type { OnnxGraph } from "../../onnx/graph.ts";
import type { FeatureSpec, ModelColumn } from "../../types.ts";
import { elementName, type GraphValue, type ReadModel } from "./read-model.ts";

/** A feature of the table, with how its column is stored. */
export interface TableFeature {
  readonly spec: FeatureSpec;
  readonly stored: StoredType;
}

/** How the features of a table become the inputs of somebody's graph. */
export interface InputPlan {
  /** The features that the finished graph takes, in order. */
  readonly features: readonly FeatureSpec[];
  /** Those of them that enter as double, as the graph's integers and doubles would lose digits in float32; undefined where all enter as usual. */
  readonly columns: readonly ModelColumn[] | undefined;
  /**
   * Adds to a graph that has the features as inputs the nodes that make the model's own inputs, named `prefix` + name. Returns the value that is true for rows
   * which the model cannot take: a missing or broken number where it takes integers; undefined where it takes every row.
   */
  readonly build: (graph: OnnxGraph, prefix: string) => string | undefined;
}

/** ONNX's numbers of the element types that a model may take. */
const element = { float32: 1, int32: 6, int64: 7, string: 8, bool: 9, float64: 11 } as const;
const numeric: readonly number[] = [element.float32, element.float64, element.int64, element.int32];
/** Types that have no value for "missing", and no fractions. */
const whole: readonly number[] = [element.int64, element.int32, element.bool];

const wrong = (message: string): Error => invalid("training.model_signature", message);

/** One feature on its way into an input of the model. */
interface Entry {
  readonly feature: TableFeature;
  readonly element: number;
}

/**
 * Finds out how the table's features go into a model: one matrix of numbers whose columns are the features in their order (points in time left out), or an input
 * for each feature by its name. Features that the model has no input for are taken and not used, so that requests need not know which they are.
 *
 * @param optional the column that says when a row happened: left out where the model does not use it
 * @throws `training.model_signature`, which says what the model takes and what the features are
 */
export function planInputs({ inputs, opsets }: ReadModel, features: readonly TableFeature[], optional: string | null): InputPlan {
  const named = new Map(features.map((feature) => [feature.spec.name, feature]));
  const [only] = inputs;
  const isMatrix = inputs.length === 1 && only.shape?.length !== 1 && !(named.has(only.name) && only.shape?.[1] === 1);
  const entries: readonly (readonly [input: GraphValue, entries: readonly Entry[]])[] = isMatrix
    ? [[only, matrixEntries(only, features)]]
    : inputs.map((input) => [input, [{ feature: columnFor(input, named), element: input.element }]]);
  const used = new Map(entries.flatMap(([, list]) => list.map((entry) => [entry.feature.spec.name, entry])));
  const taken = features.filter(({ spec }) => spec.name !== optional || used.has(spec.name));
  const isWide = ({ spec }: TableFeature): boolean => spec.type === "number" && used.has(spec.name) && used.get(spec.name)!.element !== element.float32;
  checkOperators(opsets, [...used.values()]);
  return {
    features: taken.map(({ spec }) => spec),
    // An offset of nothing: the number enters as double.
    columns: taken.some(isWide) ? taken.map((feature) => ({ name: feature.spec.name, type: feature.spec.type === "category" ? "category" : "number", ...(isWide(feature) && { offset: 0 }) })) : undefined,
    build: (graph, prefix) => {
      for (const feature of taken) graph.addInput(feature.spec.name, feature.spec.type === "category" ? "string" : feature.spec.type === "timestamp" || isWide(feature) ? "double" : "float");
      const refused: string[] = [];
      for (const [input, list] of entries) {
        const columns = list.map((entry) => columnValue(graph, entry, refused));
        const joined = columns.length === 1 ? columns[0] : graph.node("Concat", columns, { attributes: { axis: { int: 1 } } });
        const output = `${prefix}${input.name}`;
        if (input.shape?.length === 1) graph.node("Reshape", [joined, graph.integers([-1])], { output });
        else graph.node("Identity", [joined], { output });
      }
      return refused.reduce<string | undefined>((all, one) => (all === undefined ? one : graph.node("Or", [all, one])), undefined);
    },
  };
}

/** What is not in every operator set. */
function checkOperators(opsets: ReadonlyMap<string, number>, used: readonly Entry[]): void {
  const version = opsets.get("") ?? 1;
  if (version < 9) throw wrong(`The model is written in operator set ${version} of ONNX, which is too old here; export it with operator set 11 or newer`);
  if (version < 11 && used.some((entry) => whole.includes(entry.element))) throw wrong(`The model takes integers in operator set ${version} of ONNX; export it with operator set 11 or newer, or let it take floats`);
}

function matrixEntries({ name, element: type, shape }: GraphValue, features: readonly TableFeature[]): Entry[] {
  const columns = features.filter(({ spec }) => spec.type !== "timestamp");
  const names = columns.map(({ spec }) => spec.name).join(", ");
  if (!numeric.includes(type)) throw wrong(`The model takes one matrix, "${name}", of ${elementName(type)}; a matrix holds float32, float64, int64 or int32. Features of several kinds enter as an input each, named as the feature`);
  if (shape !== undefined && shape.length !== 2) throw wrong(`The model's input "${name}" has ${shape.length} dimensions; a matrix of rows and features has 2`);
  const width = shape?.[1] ?? null;
  if (width !== null && width !== columns.length) throw wrong(`The model's input "${name}" has ${width} columns, and there are ${columns.length} features (${names}). Train on MILLRACE_JOB's "features", in their order, or give the model an input for each feature that it uses, named as the feature`);
  const text = columns.find(({ spec, stored }) => spec.type === "category" && stored !== "BOOLEAN");
  if (text) throw wrong(`The model takes one matrix of numbers, and the feature ${text.spec.name} holds text. Export the encoding with the model (in skl2onnx: a pipeline with an input for each column, of StringTensorType for this one), or leave the column out by data.exclude`);
  return columns.map((feature) => ({ feature, element: type }));
}

/** The feature of an input that is one column. */
function columnFor(input: GraphValue, named: ReadonlyMap<string, TableFeature>): TableFeature {
  const feature = named.get(input.name);
  if (!feature) throw wrong(`The model's input "${input.name}" is no feature; the features are ${[...named.keys()].join(", ")}. A model takes one matrix of all features, or inputs that are named as features`);
  if (input.shape !== undefined && (input.shape.length > 2 || input.shape.length === 0 || (input.shape.length === 2 && (input.shape[1] ?? 1) !== 1))) {
    throw wrong(`The model's input "${input.name}" has the shape [${input.shape.map((size) => size ?? "rows").join(", ")}]; a feature is one column, [rows, 1]`);
  }
  const { spec, stored } = feature;
  const fits = stored === "BOOLEAN" ? [...numeric, element.bool].includes(input.element) : spec.type === "category" ? input.element === element.string : spec.type === "timestamp" ? input.element === element.float64 : numeric.includes(input.element);
  if (fits) return feature;
  const right = stored === "BOOLEAN" ? "true or false, and enters as bool, int64, float32 or float64 (1 and 0)" : spec.type === "category" ? "text, and enters as string" : spec.type === "timestamp" ? "a point in time, and enters as float64, milliseconds since 1970 UTC" : "a number, and enters as float32, float64, int64 or int32";
  throw wrong(`The model's input "${input.name}" is ${elementName(input.element)}; the feature is ${right}`);
}

/** A feature as a column [rows, 1] of the element type that the model takes; adds to `refused` what is true of rows without a value for it. */
function columnValue(graph: OnnxGraph, { feature: { spec, stored }, element: type }: Entry, refused: string[]): string {
  const cast = (value: string, to: number): string => graph.node("Cast", [value], { attributes: { to: { int: to } } });
  if (stored === "BOOLEAN") {
    const value = graph.node("LabelEncoder", [spec.name], { domain: "ai.onnx.ml", attributes: { keys_strings: { strings: ["false", "true"] }, values_floats: { floats: [0, 1] }, default_float: { float: Number.NaN } } });
    if (whole.includes(type)) refused.push(graph.node("IsNaN", [value]));
    return type === element.float32 ? value : cast(value, type);
  }
  if (!whole.includes(type)) return spec.name;
  const value = cast(spec.name, type);
  // What is not the same when it comes back was no whole number: a fraction, or missing (which equals nothing).
  refused.push(graph.node("Not", [graph.node("Equal", [spec.name, cast(value, element.float64)])]));
  return value;
}
