import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import type { ServiceError } from "@grpc/grpc-js";
import type { Rule } from "./rule.ts";
import { skip } from "./rule.ts";
import { count, rawInputs, sizes, typedInputs } from "./samples.ts";
import type { Json, Target } from "./target.ts";

const document = "open_inference_grpc.proto";

const rule = (name: string, section: string, check: (target: Target) => Promise<void>): Rule => ({
  name,
  section: `${document}, ${section}`,
  check: async (target) => {
    if (!target.hasGrpc) skip("no address of gRPC was given");
    await check(target);
  },
});

async function refused(answer: Promise<Json>, ...codes: status[]): Promise<void> {
  const error = await answer.then(
    () => undefined,
    (failure: ServiceError) => failure,
  );
  assert(error, "the call was answered");
  assert(codes.includes(error.code), `the call failed with ${status[error.code]}: ${error.details}`);
}

interface Outputs {
  readonly outputs: readonly { readonly name: string; readonly datatype: string; readonly shape: number[]; readonly contents?: Json }[];
  readonly raw_output_contents: readonly Buffer[];
}

/** The outputs of an answer: all raw or all typed, with as many elements as their shapes say. */
function outputsOf(answer: Json): Outputs["outputs"] {
  const { outputs, raw_output_contents: raw } = answer as unknown as Outputs;
  assert(raw.length === 0 || raw.length === outputs.length, `${raw.length} raw contents for ${outputs.length} outputs`);
  for (const [i, { name, datatype, shape, contents }] of outputs.entries()) {
    const elements = Object.values(contents ?? {}).reduce((sum: number, values) => sum + (values as unknown[]).length, 0);
    if (raw.length === 0) assert.equal(elements, count(shape), `the number of elements of "${name}"`);
    else {
      assert.equal(elements, 0, `"${name}" has raw and typed contents`);
      if (datatype !== "BYTES") assert.equal(raw[i].length, count(shape) * sizes[datatype], `the bytes of "${name}"`);
    }
  }
  return outputs;
}

async function raw(target: Target, more: Json = {}): Promise<Json> {
  const { inputs, raw: raw_input_contents } = rawInputs(await target.metadata());
  return { model_name: target.model, inputs, raw_input_contents, ...more };
}

export const grpcRules: readonly Rule[] = [
  rule("ServerLive answers true", "ServerLive", async (target) => assert.equal((await target.grpc("ServerLive"))["live"], true)),
  rule("ServerReady answers true", "ServerReady", async (target) => assert.equal((await target.grpc("ServerReady"))["ready"], true)),
  rule("ModelReady answers true", "ModelReady", async (target) => assert.equal((await target.grpc("ModelReady", { name: target.model }))["ready"], true)),
  rule("ServerMetadata tells what GET v2 tells", "ServerMetadata", async (target) => {
    const { name, version, extensions } = await target.grpc("ServerMetadata");
    const { json } = await target.rest("GET", "");
    assert.deepEqual({ name, version, extensions }, { name: json!["name"], version: json!["version"], extensions: json!["extensions"] });
  }),
  rule("ModelMetadata tells what GET v2/models/{model} tells", "ModelMetadata", async (target) => {
    const { name, platform, inputs, outputs } = await target.metadata();
    const said = await target.grpc("ModelMetadata", { name: target.model });
    assert.deepEqual([said["name"], said["platform"], said["inputs"], said["outputs"]], [name, platform, inputs, outputs]);
  }),
  rule("ModelMetadata of a model that is not there fails", "ModelMetadata", (target) =>
    refused(target.grpc("ModelMetadata", { name: "there-is-no-such-model" }), status.NOT_FOUND, status.INVALID_ARGUMENT),
  ),
  rule("ModelInfer takes raw contents", "ModelInferRequest.raw_input_contents", async (target) => {
    const { outputs } = await target.metadata();
    assert.deepEqual(outputsOf(await target.grpc("ModelInfer", await raw(target))).map(({ name }) => name), outputs.map(({ name }) => name));
  }),
  rule("ModelInfer takes typed contents", "InferTensorContents", async (target) => {
    outputsOf(await target.grpc("ModelInfer", { model_name: target.model, inputs: typedInputs(await target.metadata()) }));
  }),
  rule("ModelInfer gives the id and the model's name back", "ModelInferResponse", async (target) => {
    const { id, model_name } = await target.grpc("ModelInfer", await raw(target, { id: "a-42" }));
    assert.deepEqual([id, model_name], ["a-42", target.model]);
  }),
  rule("ModelInfer gives the outputs asked for and no others", "InferRequestedOutputTensor", async (target) => {
    const { name } = (await target.metadata()).outputs.at(-1)!;
    assert.deepEqual(outputsOf(await target.grpc("ModelInfer", await raw(target, { outputs: [{ name }] }))).map((output) => output.name), [name]);
  }),
  rule("ModelInfer of a model that is not there fails", "ModelInfer", async (target) =>
    refused(target.grpc("ModelInfer", await raw(target, { model_name: "there-is-no-such-model" })), status.NOT_FOUND, status.INVALID_ARGUMENT),
  ),
  rule("raw contents for some inputs only are refused", "ModelInferRequest.raw_input_contents", async (target) => {
    const request = await raw(target);
    const contents = [...(request["raw_input_contents"] as Buffer[]), Buffer.alloc(4)];
    await refused(target.grpc("ModelInfer", { ...request, raw_input_contents: contents }), status.INVALID_ARGUMENT);
  }),
  rule("raw and typed contents together are refused", "InferInputTensor.contents", async (target) =>
    refused(target.grpc("ModelInfer", await raw(target, { inputs: typedInputs(await target.metadata()) })), status.INVALID_ARGUMENT),
  ),
  rule("raw contents of another size than the shape says are refused", "ModelInferRequest.raw_input_contents", async (target) => {
    const request = await raw(target);
    const [first, ...others] = request["raw_input_contents"] as Buffer[];
    await refused(target.grpc("ModelInfer", { ...request, raw_input_contents: [Buffer.concat([first, Buffer.alloc(3)]), ...others] }), status.INVALID_ARGUMENT);
  }),
  rule("an input that lacks is refused", "ModelInferRequest.inputs", async (target) => {
    const { inputs, raw_input_contents } = await raw(target);
    const less = { inputs: (inputs as Json[]).slice(1), raw_input_contents: (raw_input_contents as Buffer[]).slice(1) };
    await refused(target.grpc("ModelInfer", { model_name: target.model, ...less }), status.INVALID_ARGUMENT);
  }),
];
