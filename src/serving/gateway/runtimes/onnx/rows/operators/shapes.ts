import { input, intOf, type Rule } from "../call.ts";
import type { TensorDefinition } from "../definition.ts";
import { fixed, NotShown, rows, shapeOf, type Fact } from "../facts.ts";
import { hasRows, numberOf, sizeOf, someSize, timesSize, type Size } from "../sizes.ts";

/** A value that only tells sizes: fixed unless the number of rows is among them. */
const telling = (values: readonly Size[], shape: readonly Size[]): Fact => (values.some(hasRows) ? { of: "count", shape, values } : fixed(shape, values));

const shape: Rule = (call) => {
  const x = input(call, 0);
  if (!x.shape && x.of === "fixed") return [fixed([someSize()])];
  const sizes = shapeOf(x).slice(intOf(call, "start", 0), call.attributes.get("end")?.int);
  return [telling(sizes, [sizeOf(sizes.length)])];
};

const size: Rule = (call) => {
  const x = input(call, 0);
  return [!x.shape && x.of === "fixed" ? fixed([]) : telling([timesSize(shapeOf(x))], [])];
};

const constantOfShape: Rule = (call) => {
  const given = input(call, 0);
  if (!given.values) {
    if (given.of === "fixed") return [fixed()];
    throw new NotShown("computes its shape");
  }
  const counting = given.values.findIndex(hasRows);
  const values = counting < 0 && given.values.length === 1 && (numberOf(given.values[0]) ?? Infinity) <= 64 ? call.attributes.get("value")?.tensor?.values : undefined;
  const [value] = values ?? (call.attributes.has("value") ? [] : [0]);
  const repeated = counting < 0 && given.values.length === 1 && value !== undefined ? numberOf(given.values[0]) : undefined;
  if (counting >= 0) return [rows(given.values, counting)];
  return [fixed(given.values, repeated !== undefined && repeated <= 64 && Number.isInteger(value) ? Array.from({ length: repeated }, () => sizeOf(value)) : undefined)];
};

const range: Rule = (call) => {
  if (call.inputs.some((fact) => fact && fact.of !== "fixed")) throw new NotShown("numbers the rows");
  return [fixed([someSize()])];
};

/** What a constant tensor tells. */
export const constantFact = ({ dims, values }: TensorDefinition): Fact => ({
  ...fixed(dims.map(sizeOf), dims.length <= 1 && values?.every(Number.isInteger) ? values.map(sizeOf) : undefined),
  numbers: values,
});

const constant: Rule = ({ attributes }) => {
  const listed = (numbers: readonly number[], alone: boolean) => fixed(alone ? [] : [sizeOf(numbers.length)], numbers.every(Number.isInteger) ? numbers.map(sizeOf) : undefined);
  for (const [name, { tensor, int, ints, floats }] of attributes) {
    if (name === "value" && tensor) return [constantFact(tensor)];
    if (name === "value_int" && int !== undefined) return [listed([int], true)];
    if (name === "value_ints" && ints) return [listed(ints, false)];
    if (name === "value_floats" && floats) return [listed(floats, false)];
    if (name === "value_float" || name === "value_string") return [fixed([])];
  }
  return [fixed()];
};

export const shapeRules: Readonly<Record<string, Rule>> = { Shape: shape, Size: size, ConstantOfShape: constantOfShape, Range: range, Constant: constant };

/** Those that take the number of rows as what it is. */
export const countingOperators: ReadonlySet<string> = new Set(["Shape", "Size", "ConstantOfShape", "Range", "Reshape", "Expand", "Tile", "Slice", "Resize", "If", "Scan", "Loop"]);

/** Those whose rules say what the values of their outputs are. */
export const tellingOperators: ReadonlySet<string> = new Set(Object.keys(shapeRules));
