import { writeFile, readFile, truncate, open } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { describeOnnx } from "./onnx-facts.ts";

const model = (name: string): string => fileURLToPath(new URL(`../serving/gateway/fixtures/${name}`, import.meta.url));

/** A field of a protobuf message: a number, or bytes with their length before them. */
const field = (number: number, content: number | Uint8Array | string): Buffer => {
  if (typeof content === "number") return Buffer.concat([varint(number << 3), varint(content)]);
  const bytes = Buffer.from(content as Uint8Array);
  return Buffer.concat([varint((number << 3) | 2), varint(bytes.length), bytes]);
};

function varint(value: number): Buffer {
  const bytes: number[] = [];
  for (let left = value; ; left = Math.floor(left / 128)) {
    if (left < 128) return Buffer.from([...bytes, left]);
    bytes.push((left % 128) | 128);
  }
}

const message = (...fields: Buffer[]): Buffer => Buffer.concat(fields);
const opset = field(8, message(field(2, 21)));

async function described(content: Uint8Array): ReturnType<typeof describeOnnx> {
  const file = join(await temporaryFolder(), "model.onnx");
  await writeFile(file, content);
  return describeOnnx(file);
}

const of = (name: string, type: string) => ({ name, type, required: true });

// What the Python package onnx reads from the files that serving/gateway/fixtures/make_models.py made.
test.each([
  [
    "churn.onnx",
    {
      inputs: [of("distance", "float32[N, 1]"), of("seats", "float32[N, 1]"), of("city", "string[N, 1]")],
      outputs: [of("label", "string[N, 1]"), of("probabilities", "float32[N, 2]")],
      operators: { IsNaN: 2, Where: 2, "ai.onnx.ml.LabelEncoder": 2, Sub: 2, Mul: 1, Sum: 1, Sigmoid: 1, Concat: 1, ArgMax: 1 },
      parameters: 5,
    },
  ],
  [
    "matrix.onnx",
    {
      inputs: [of("features", "float32[N, 3]"), of("rank", "float64[N, 1]"), of("count", "int64[N, 1]")],
      outputs: [of("total", "float32[N]")],
      operators: { Cast: 2, Concat: 1, ReduceSum: 1 },
      parameters: 1,
    },
  ],
])("%s is described as Python's onnx has it", async (name, facts) => {
  expect(await describeOnnx(model(name))).toEqual({ opsets: { "": 17, "ai.onnx.ml": 3 }, irVersion: 8, producer: "millrace-fixtures", ...facts });
});

test("constants count, are not read, and are no inputs", async () => {
  const weights = field(5, message(field(1, 1000), field(1, 1000), field(2, 1), field(8, "w"), field(9, new Uint8Array(4_000_000))));
  const packed = field(5, message(field(1, message(varint(2), varint(3))), field(8, "v")));
  const value = (name: string, dimension: Buffer): Buffer => message(field(1, name), field(2, field(1, message(field(1, 1), field(2, message(field(1, dimension), field(1, field(1, 3))))))));
  const node = field(1, message(field(4, "MatMul")));
  const foreign = field(1, message(field(4, "Scaler"), field(7, "ai.onnx.ml")));
  const graph = message(node, foreign, node, weights, packed, field(11, value("x", field(2, "rows"))), field(11, value("w", field(1, 1000))), field(12, value("y", Buffer.alloc(0))));
  expect(await described(message(field(1, 10), field(2, "me"), field(3, "1.2"), field(7, graph), opset, field(8, message(field(1, "ai.onnx.ml"), field(2, 3)))))).toEqual({
    inputs: [{ name: "x", type: "float32[rows, 3]", required: true }],
    outputs: [{ name: "y", type: "float32[?, 3]", required: true }],
    opsets: { "": 21, "ai.onnx.ml": 3 },
    irVersion: 10,
    producer: "me 1.2",
    operators: { MatMul: 2, "ai.onnx.ml.Scaler": 1 },
    parameters: 1_000_006,
  });
});

describe("what is no ONNX file is said, and nothing is thrown", () => {
  test.each<[string, Uint8Array]>([
    ["nothing", new Uint8Array()],
    ["a text", Buffer.from("hello, this is no model")],
    ["no graph", opset],
    ["no operator set", field(7, field(2, "g"))],
    ["a field that ends after the file", Buffer.from([0x3a, 0xff, 0xff, 0xff, 0x7f, 1])],
    ["a number without end", Buffer.alloc(30, 0xff)],
    ["a field number of 0", Buffer.from([0, 1])],
  ])("%s", async (_, content) => {
    expect(await described(content)).toMatch(/^The ONNX file cannot be described: /);
  });

  test("a file that is cut off anywhere, and any bytes", async () => {
    const whole = await readFile(model("churn.onnx"));
    const folder = await temporaryFolder();
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.nat(whole.length - 1).map((length) => whole.subarray(0, length)), fc.uint8Array({ maxLength: 300 })), async (content) => {
        const file = join(folder, "cut.onnx");
        await writeFile(file, content);
        const facts = await describeOnnx(file);
        expect(["string", "object"]).toContain(typeof facts);
      }),
      { numRuns: 100 },
    );
  });

  test("a file of gigabytes costs what its names cost", async () => {
    const file = join(await temporaryFolder(), "large.onnx");
    const size = 3 * 2 ** 30;
    const tensor = Buffer.concat([field(1, 5), field(8, "w"), varint((9 << 3) | 2), varint(size)]);
    const graph = Buffer.concat([varint((5 << 3) | 2), varint(tensor.length + size), tensor]);
    const head = Buffer.concat([opset, varint((7 << 3) | 2), varint(graph.length + size), graph]);
    await writeFile(file, head);
    // A hole: the file is long, the disk is not used.
    await truncate(file, head.length + size);
    const handle = await open(file, "r");
    expect((await handle.stat()).size).toBeGreaterThan(size);
    await handle.close();
    expect(await describeOnnx(file)).toMatchObject({ parameters: 5, opsets: { "": 21 } });
  });
});
