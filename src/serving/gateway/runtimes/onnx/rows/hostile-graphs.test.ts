import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeFolder } from "../../../fixtures/own-gateway.ts";
import { writeOnnx, type FunctionOfModel } from "./fixtures/write-onnx.ts";
import { graphFacts } from "./row-dependence.ts";

const inputs = [{ name: "X", shape: ["N", 4] }];
const outputs = [{ name: "Y" }];

/** Functions each of which calls the next one twice. */
const doubling = (depth: number): FunctionOfModel[] =>
  Array.from({ length: depth }, (_, at) => ({
    domain: "f",
    name: `F${at}`,
    inputs: ["a"],
    outputs: ["c"],
    nodes: at === depth - 1 ? [{ does: "Relu: a -> c" }] : [{ does: `f.F${at + 1}: a -> b` }, { does: `f.F${at + 1}: b -> c` }],
  }));

/** A field of protobuf that holds a message. */
function field(number: number, content: Uint8Array): Buffer {
  const length = [content.length % 128 | 128, (content.length >> 7) % 128 | 128, content.length >> 14];
  return Buffer.concat([Uint8Array.from([number * 8 + 2, ...length]), content]);
}

/** A graph whose one node has a graph whose one node has one, and so on. */
const nested = (depth: number): Buffer => (depth === 0 ? Buffer.alloc(0) : field(1, field(5, field(6, nested(depth - 1)))));

const calling = { graph: { inputs, outputs, nodes: [{ does: "f.F0: X -> Y" }] }, opsets: { f: 1 } };

test.each<[string, () => Uint8Array, RegExp]>([
  ["functions that call themselves", () => writeOnnx(calling.graph, { ...calling, functions: [{ domain: "f", name: "F0", inputs: ["a"], outputs: ["b"], nodes: [{ does: "f.F0: a -> b" }] }] }), /cannot be followed: its graphs and functions lie more than 64 deep/],
  ["functions that call others twice, and so on", () => writeOnnx(calling.graph, { ...calling, functions: doubling(40) }), /cannot be followed: more than 2000000 nodes would have to be looked at/],
  ["graphs within graphs", () => field(7, nested(1000)), /cannot be followed: its graphs lie more than 32 deep/],
  ["nodes that wait for each other", () => writeOnnx({ inputs, outputs, nodes: [{ does: "Add: X,b -> a" }, { does: "Add: X,a -> b" }, { does: "Add: a,b -> Y" }] }), /Add lacks what it takes/],
  ["an output that nothing makes", () => writeOnnx({ inputs, outputs, nodes: [{ does: "Relu: X -> Z" }] }), /nothing makes "Y"/],
  ["no operator of any set", () => writeOnnx({ inputs, outputs, nodes: [{ does: "mine.Relu: X -> Y" }] }, { opsets: { mine: 1 } }), /Relu is not known to keep rows apart/],
  ["a shape of no rank", () => writeOnnx({ inputs: [{ name: "X" }], outputs, nodes: [{ does: "Relu: X -> Y" }] }), /The input "X" is of any shape/],
  ["a square of rows", () => writeOnnx({ inputs: [{ name: "X", shape: ["N", "N"] }], outputs, nodes: [{ does: "Relu: X -> Y" }] }), /as long in another dimension as it has rows/],
  ["a first dimension that is fixed", () => writeOnnx({ inputs: [{ name: "X", shape: [1, 4] }], outputs, nodes: [{ does: "Relu: X -> Y" }] }), /first dimension of the input "X" is always 1/],
  ["an output that is the same for all", () => writeOnnx({ inputs, outputs, nodes: [{ does: "Identity: c -> Y" }], constants: { c: { dims: [1, 2], data: [1, 2] } } }), /output "Y" is not made of rows/],
  ["an output whose rows are columns", () => writeOnnx({ inputs, outputs, nodes: [{ does: "Transpose: X -> Y", attributes: { perm: [1, 0] } }] }), /first dimension of the output "Y" does not count rows/],
  ["no model", () => Buffer.from("Relu, this is not a model"), /cannot be followed/],
  ["nothing", () => Buffer.alloc(0), /it has no graph/],
])("%s: not shown, said why, and soon", async (_, bytes, why) => {
  const file = join(await makeFolder(), "m.onnx");
  await writeFile(file, bytes());
  const facts = graphFacts(file);
  expect([facts.independent, facts.why]).toEqual([false, expect.stringMatching(why)]);
});

test("a model that is cut off anywhere, or has a byte changed anywhere, is read to an end", async () => {
  const folder = await makeFolder();
  const whole = writeOnnx({ inputs, outputs, nodes: [{ does: "Gemm: X,w -> a", attributes: { transB: 1 } }, { does: "Reshape: a,s -> Y" }], constants: { w: { dims: [2, 4], data: [1, 2, 3, 4, 5, 6, 7, 8] }, s: { type: "INT64", dims: [2], data: [-1, 2] } } });
  const file = join(folder, "m.onnx");
  const read = async (bytes: Uint8Array) => {
    await writeFile(file, bytes);
    return graphFacts(file).independent;
  };
  expect(await read(whole)).toBe(true);
  for (let at = 0; at < whole.length; at++) {
    const cut = await read(whole.subarray(0, at));
    // Cut behind the graph, it may still be whole.
    if (at < whole.length / 2) expect([at, cut]).toEqual([at, false]);
    for (const byte of [0, 127, 255]) expect(await read(whole.map((value, place) => (place === at ? byte : value)))).toBeTypeOf("boolean");
  }
});
