import assert from "node:assert/strict";
import type { Rule } from "./rule.ts";
import { skip } from "./rule.ts";
import { count, rawInputs, sizes } from "./samples.ts";
import type { Json, RestAnswer, Target } from "./target.ts";

const document = "extension_binary_data.md";

/** A request of raw zeros: `more` is added to its JSON, `tail` to the bytes, `length` is the header in place of the right one. */
async function infer(target: Target, { more = {}, tail = 0, length }: { more?: Json; tail?: number; length?: string } = {}): Promise<RestAnswer> {
  const { extensions } = (await target.rest("GET", "")).json ?? {};
  if (!(extensions as string[] | undefined)?.includes("binary_tensor_data")) skip("the server does not have the extension binary_tensor_data");
  const { inputs, raw } = rawInputs(await target.metadata());
  const sized = inputs.map((input, i) => ({ ...input, parameters: { binary_data_size: raw[i].length } }));
  const json = Buffer.from(JSON.stringify({ inputs: sized, ...more }));
  const bytes = Buffer.concat([json, ...raw, Buffer.alloc(Math.max(0, tail))]);
  return target.infer(bytes.subarray(0, bytes.length + Math.min(0, tail)), {
    "content-type": "application/octet-stream",
    "inference-header-content-length": length ?? String(json.length),
  });
}

function refused({ status, json }: RestAnswer): void {
  assert(status >= 400 && status < 500, `the answer has status ${status}, which is no 4xx`);
  assert(typeof json?.["error"] === "string", `the answer is ${JSON.stringify(json)}; it must be {"error": a sentence}`);
}

interface Output {
  readonly shape: readonly number[];
  readonly datatype: string;
  readonly data?: unknown[];
  readonly parameters?: { readonly binary_data_size?: number };
}

/** The outputs of an answer, whose raw sizes must sum to what follows the JSON. */
function outputsOf({ status, json, raw }: RestAnswer): Output[] {
  assert.equal(status, 200, JSON.stringify(json));
  const outputs = json!["outputs"] as Output[];
  const total = outputs.reduce((sum, { parameters }) => sum + (parameters?.binary_data_size ?? 0), 0);
  assert.equal(raw.length, total, "the bytes after the JSON");
  for (const { shape, datatype, parameters } of outputs) {
    const size = parameters?.binary_data_size;
    if (size !== undefined && datatype !== "BYTES") assert.equal(size, count(shape) * sizes[datatype], "binary_data_size");
  }
  return outputs;
}

const section = (name: string): string => `${document}, ${name}`;

export const binaryRules: readonly Rule[] = [
  {
    name: "raw inputs are taken, and outputs come as JSON unless asked for raw",
    section: section("Binary Tensor Request"),
    check: async (target) => assert(outputsOf(await infer(target)).every(({ data }) => Array.isArray(data)), "an output has no data"),
  },
  {
    name: "binary_data_output asks for all outputs raw",
    section: section("Binary Tensor Request"),
    check: async (target) => {
      const answer = await infer(target, { more: { parameters: { binary_data_output: true } } });
      assert(outputsOf(answer).every(({ data, parameters }) => data === undefined && parameters?.binary_data_size !== undefined), "an output is not raw");
    },
  },
  {
    name: "binary_data of an output goes before binary_data_output",
    section: section("Binary Tensor Request"),
    check: async (target) => {
      const [{ name }] = (await target.metadata()).outputs;
      const outputs = [{ name, parameters: { binary_data: false } }];
      const answer = await infer(target, { more: { outputs, parameters: { binary_data_output: true } } });
      assert(Array.isArray(outputsOf(answer)[0].data), "the output is raw");
    },
  },
  { name: "a body that ends too early is refused", section: section("Binary Tensor Request"), check: async (target) => refused(await infer(target, { tail: -1 })) },
  { name: "bytes that no tensor takes are refused", section: section("Binary Tensor Request"), check: async (target) => refused(await infer(target, { tail: 4 })) },
  ...["999999999", "-1", "x"].map((length) => ({
    name: `Inference-Header-Content-Length: ${length} is refused`,
    section: section("Binary Tensor Request"),
    check: async (target: Target) => refused(await infer(target, { length })),
  })),
];
