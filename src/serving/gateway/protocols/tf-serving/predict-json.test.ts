import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Model, TensorSpec } from "../../runtimes/runtime.ts";
import { bindInputs } from "../../tensors/bind.ts";
import { datatypes, product } from "../../tensors/tensor.ts";
import type { Datatype, Tensor, Values } from "../../tensors/tensor.ts";
import { parseJson } from "../../tensors/parse-json.ts";
import { readPredict, writePredict } from "./predict-json.ts";
import type { JsonObject } from "../../tensors/json-kind.ts";

/** What reading asks of a model: its inputs. */
const modelOf = (inputs: readonly TensorSpec[], anyInputs = true): Model => ({ inputs, outputs: inputs, anyInputs, rowwise: true }) as unknown as Model;
/** The tensors that a model gets of a body. */
const read = (text: string, model: Model) => {
  const { rows, inputs } = readPredict(parseJson(text) as JsonObject, model, new Map(model.inputs.map((spec) => [spec.name, spec])), false);
  return { rows, tensors: bindInputs(inputs, model, new Set()).inputs };
};

const elementOf = (datatype: Datatype): fc.Arbitrary<unknown> => {
  const { range, array } = datatypes.get(datatype)!;
  if (!array) return fc.string({ unit: "binary" });
  if (datatype === "INT64") return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
  if (datatype === "UINT64") return fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  if (datatype === "FP64") return fc.double();
  if (datatype === "FP32") return fc.float();
  return datatype === "FP16" ? fc.integer({ min: -2048, max: 2048 }) : fc.integer({ min: range[0], max: range[1] });
};

const valuesOf = (datatype: Datatype, list: unknown[]): Values => {
  const { array } = datatypes.get(datatype)!;
  return array ? (array as unknown as { from(list: unknown[]): Values }).from(list) : (list as string[]);
};

const kinds = [...datatypes.keys()].filter((datatype) => datatype !== "BF16") as Datatype[];
const tensors: fc.Arbitrary<Tensor[]> = fc
  .tuple(fc.integer({ min: 1, max: 3 }), fc.array(fc.tuple(fc.constantFrom(...kinds), fc.array(fc.integer({ min: 1, max: 3 }), { maxLength: 2 })), { minLength: 1, maxLength: 3 }))
  .chain(([rows, columns]) =>
    fc.tuple(
      ...columns.map(([datatype, tail], index) => {
        const shape = [rows, ...tail];
        const count = product(shape);
        // Names that end in _bytes go in base64.
        const name = index === 1 ? "blob_bytes" : `in${index}`;
        return fc.array(elementOf(datatype), { minLength: count, maxLength: count }).map((list): Tensor => ({ name, datatype, shape, data: valuesOf(datatype, list) }));
      }),
    ),
  );

describe("predict bodies", () => {
  test("tensors come back from rows and from columns as they were", () => {
    fc.assert(
      fc.property(tensors, (sent) => {
        const model = modelOf(sent);
        const rows = writePredict(sent, true).replace(/^\{"predictions"/, `{"instances"`);
        expect(read(rows, model)).toEqual({ rows: true, tensors: sent });
        const columns = writePredict(sent, false).replace(/^\{"outputs"/, `{"inputs"`);
        expect(read(columns, model)).toEqual({ rows: false, tensors: sent });
      }),
    );
  });

  test.each<[what: string, body: string, tensors: Tensor[]]>([
    ["numbers", `{"instances": [[1, 2], [3, 4]]}`, [{ name: "inputs", datatype: "FP64", shape: [2, 2], data: Float64Array.of(1, 2, 3, 4) }]],
    ["text", `{"inputs": ["a", "b"]}`, [{ name: "inputs", datatype: "BYTES", shape: [2], data: ["a", "b"] }]],
    ["named values", `{"instances": [{"a": true, "b": {"b64": "/w=="}}]}`, [{ name: "a", datatype: "BOOL", shape: [1], data: Uint8Array.of(1) }, { name: "b", datatype: "BYTES", shape: [1], data: [Buffer.of(0xff)] }]],
  ])("a model that names no inputs gets %s as they look", (_, body, expected) => {
    expect(read(body, modelOf([], true)).tensors).toEqual(expected);
  });

  test("outputs without a row for each input go in columns only", () => {
    const one: Tensor = { name: "mean", datatype: "FP32", shape: [], data: Float32Array.of(2) };
    expect(writePredict([one], false)).toBe(`{"outputs":2.0}`);
    expect(() => writePredict([one], true)).toThrow(/Tensor name: mean has the shape \[\]/);
  });
});
