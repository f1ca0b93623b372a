import { status } from "@grpc/grpc-js";
import { describe, expect, test } from "vitest";
import { config, endpoint, makeHome, modelFile, startProcess, variant } from "../../fixtures/gateway-process.ts";
import { grpcClient } from "../../fixtures/grpc-client.ts";
import type { Message } from "../../fixtures/grpc-client.ts";
import { at, makeFolder, putModel, startOwn } from "../../fixtures/own-gateway.ts";
import { messages, servingProtos } from "./serving-proto.ts";

async function start(more: Parameters<typeof startOwn>[2] = {}) {
  const folder = await makeFolder();
  await putModel("half_plus_three", `${folder}/half/5/model.onnx`);
  await putModel("half_plus_two", `${folder}/half/7/model.onnx`);
  const gateway = await startOwn(
    folder,
    { half: at(`${folder}/half`, { versions: "all", labels: { stable: "5" } }), trips: at(modelFile("trips-1")), churn: at(modelFile("churn")) },
    { grpcPort: 0, ...more },
  );
  const port = gateway.address.grpcPort!;
  return {
    folder,
    gateway,
    prediction: grpcClient(port, servingProtos, "tensorflow.serving.PredictionService"),
    model: grpcClient(port, servingProtos, "tensorflow.serving.ModelService"),
  };
}

const floats = (...values: number[]): Message => ({ dtype: 1, tensor_shape: { dim: [{ size: values.length }] }, float_val: values });
const spec = (name: string, more: Message = {}): Message => ({ model_spec: { name, ...more } });
const half = (more: Message = {}): Message => ({ ...spec("half", more), inputs: { x: floats(2) } });
const trip = (distance: number): Message => ({
  features: { feature: { distance: { float_list: { value: [distance] } }, seats: { int64_list: { value: [2] } }, city: { bytes_list: { value: [Buffer.from("Oslo")] } } } },
});
const examples = (...list: Message[]): Message => ({ input: { example_list: { examples: list } } });
const answeredBy = (name: string, version: number, signature_name = "serving_default") => ({ name, version: { value: version }, signature_name });

describe("Predict", () => {
  test.each<[what: string, request: Message, y: number, version: number]>([
    ["the newest version", half(), 3, 7],
    ["a version", half({ version: { value: 5 } }), 4, 5],
    ["a label", half({ version_label: "stable" }), 4, 5],
    ["the default signature by its name", half({ signature_name: "serving_default" }), 3, 7],
    ["an output that is asked for", { ...half(), output_filter: ["y"] }, 3, 7],
    ["a tensor as content", { ...spec("half"), inputs: { x: { dtype: 1, tensor_shape: { dim: [{ size: 1 }] }, tensor_content: Buffer.from(Float32Array.of(2).buffer) } } }, 3, 7],
    ["a double for a float", { ...spec("half"), inputs: { x: { dtype: 2, tensor_shape: { dim: [{ size: 1 }] }, double_val: [2] } } }, 3, 7],
  ])("%s", async (_, request, y, version) => {
    const { prediction } = await start();
    expect(await prediction.ask("Predict", request)).toEqual({ outputs: { y: floats(y) }, model_spec: answeredBy("half", version) });
  });

  test("columns come and go in their rank, with strings among them", async () => {
    const { prediction } = await start();
    const shape = (...sizes: number[]) => ({ dim: sizes.map((size) => ({ size })) });
    const request = (...sizes: number[]): Message => ({
      ...spec("churn"),
      inputs: {
        distance: { dtype: 1, tensor_shape: shape(...sizes), float_val: [1, 50] },
        seats: { dtype: 9, tensor_shape: shape(...sizes), int64_val: [2] },
        city: { dtype: 7, tensor_shape: shape(...sizes), string_val: [Buffer.from("Oslo")] },
      },
    });
    const probabilities = { dtype: 1, tensor_shape: shape(2, 2), float_val: [1, expect.closeTo(0), expect.closeTo(0), 1] };
    const label = { dtype: 7, string_val: [Buffer.from("no"), Buffer.from("yes")] };
    expect((await prediction.ask("Predict", request(2, 1))).outputs).toEqual({ label: { ...label, tensor_shape: shape(2, 1) }, probabilities });
    expect((await prediction.ask("Predict", request(2))).outputs).toEqual({ label: { ...label, tensor_shape: shape(2) }, probabilities });
  });

  test.each<[what: string, request: Message, code: status, details: RegExp]>([
    ["a model that is not there", spec("nope"), status.NOT_FOUND, /^Servable not found for request: Latest\(nope\)/],
    ["a version that is not there", half({ version: { value: 6 } }), status.NOT_FOUND, /^Servable not found for request: Specific\(half, 6\)/],
    ["a label that is not there", half({ version_label: "next" }), status.INVALID_ARGUMENT, /^Unrecognized servable version label: next/],
    ["a signature that is not there", half({ signature_name: "no" }), status.FAILED_PRECONDITION, /^Serving signature key "no" not found/],
    ["no model", { inputs: {} }, status.INVALID_ARGUMENT, /^Missing ModelSpec$/],
    ["no name", spec(""), status.INVALID_ARGUMENT, /^ModelSpec has no name specified\.$/],
    ["no inputs", spec("half"), status.INVALID_ARGUMENT, /^input size does not match signature: 0!=1 len\(\{\}\) != len\(\{x\}\)\. Sent extra: \{\}\. Missing but required: \{x\}\.$/],
    ["another input", { ...spec("half"), inputs: { z: floats(1) } }, status.INVALID_ARGUMENT, /Sent extra: \{z\}\. Missing but required: \{x\}\./],
    ["an output that is not there", { ...half(), output_filter: ["z"] }, status.INVALID_ARGUMENT, /^output tensor alias not found in signature: .*"z"/],
    ["an output twice", { ...half(), output_filter: ["y", "y"] }, status.INVALID_ARGUMENT, /^duplicate output tensor alias: y$/],
    ["a dtype that is none", { ...spec("half"), inputs: { x: { dtype: 99, tensor_shape: {} } } }, status.INVALID_ARGUMENT, /the dtype 99 is not taken/],
  ])("%s is said so", async (_, request, code, details) => {
    const { prediction } = await start();
    await expect(prediction.ask("Predict", request)).rejects.toMatchObject({ code, details: expect.stringMatching(details) });
  });
});

describe("Classify, Regress, MultiInference", () => {
  test("answer examples with classes and numbers", async () => {
    const { prediction } = await start();
    expect(await prediction.ask("Regress", { ...spec("trips"), ...examples(trip(1), trip(5)) })).toEqual({
      result: { regressions: [{ value: 14 }, { value: 22 }] },
      model_spec: answeredBy("trips", 1),
    });
    expect(await prediction.ask("Classify", { ...spec("churn"), ...examples(trip(1)) })).toEqual({
      result: { classifications: [{ classes: [{ label: "no", score: 1 }, { label: "yes" }] }] },
      model_spec: answeredBy("churn", 1),
    });
  });

  test("a context holds for every example, and what an example says wins", async () => {
    const { prediction } = await start();
    const context = trip(10);
    const input = { example_list_with_context: { context, examples: [{}, { features: { feature: { distance: { float_list: { value: [0] } } } } }] } };
    expect((await prediction.ask("Regress", { ...spec("trips"), input })).result).toEqual({ regressions: [{ value: 32 }, { value: 12 }] });
  });

  test("one run is told in several ways", async () => {
    const { prediction } = await start({ signatures: ["regress_x_to_y", "classify_x_to_y"] });
    const task = (what: string) => ({ ...spec("half", { signature_name: `${what}_x_to_y` }), method_name: `tensorflow/serving/${what}` });
    const input = examples({ features: { feature: { x: { float_list: { value: [2] } } } } });
    expect(await prediction.ask("MultiInference", { tasks: [task("regress"), task("classify")], ...input })).toEqual({
      results: [
        { model_spec: answeredBy("half", 7, "regress_x_to_y"), regression_result: { regressions: [{ value: 3 }] } },
        { model_spec: answeredBy("half", 7, "classify_x_to_y"), classification_result: { classifications: [{ classes: [{ score: 3 }] }] } },
      ],
    });
    const wrong = (...tasks: Message[]) => prediction.ask("MultiInference", { tasks, ...input });
    await expect(wrong(task("regress"), task("regress"))).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details: "Duplicate evaluation of signature: regress_x_to_y" });
    await expect(wrong(task("regress"), { ...spec("trips"), method_name: "tensorflow/serving/regress" })).rejects.toMatchObject({ details: expect.stringMatching(/must access the same model name/) });
    await expect(wrong({ ...spec("half"), method_name: "tensorflow/serving/predict" })).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    await expect(wrong()).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  });

  test.each<[what: string, method: string, request: Message, details: RegExp]>([
    ["no examples", "Regress", spec("trips"), /^Input is empty\.$/],
    ["a feature too long", "Regress", { ...spec("half"), ...examples({ features: { feature: { x: { float_list: { value: [1, 2] } } } } }) }, /Feature: x has 2 values; the model takes \[\]/],
    ["text for a number", "Classify", { ...spec("half"), ...examples({ features: { feature: { x: { bytes_list: { value: [Buffer.from("a")] } } } } }) }, /feature "x": data\[0\] is "a"; it takes numbers/],
    ["several outputs", "Regress", { ...spec("churn"), ...examples(trip(1)) }, /Expected one output Tensor/],
  ])("%s is said so", async (_, method, request, details) => {
    const { prediction } = await start();
    await expect(prediction.ask(method, request)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringMatching(details) });
  });
});

describe("GetModelMetadata", () => {
  test("packs the signatures into an Any", async () => {
    const { prediction } = await start();
    const answer = await prediction.ask("GetModelMetadata", { ...spec("half", { version: { value: 5 } }), metadata_field: ["signature_def"] });
    expect(answer.model_spec).toEqual({ name: "half", version: { value: 5 } });
    const { type_url: type, value } = (answer.metadata as Record<string, { type_url: string; value: Buffer }>)["signature_def"];
    expect(type).toBe("type.googleapis.com/tensorflow.serving.SignatureDefMap");
    const map = messages.lookupType("tensorflow.serving.SignatureDefMap");
    const tensor = (name: string) => ({ [name]: { name: `${name}:0`, dtype: "DT_FLOAT", tensor_shape: { dim: [{ size: -1 }] } } });
    expect(map.toObject(map.decode(value), { longs: Number, enums: String })).toEqual({
      signature_def: { serving_default: { inputs: tensor("x"), outputs: tensor("y"), method_name: "tensorflow/serving/predict" } },
    });
  });

  test.each<[what: string, request: Message, details: string]>([
    ["no field", spec("half"), "GetModelMetadataRequest must specify at least one metadata_field"],
    ["another field", { ...spec("half"), metadata_field: ["weights"] }, "MetadataField weights is not supported"],
  ])("%s is said so", async (_, request, details) => {
    const { prediction } = await start();
    await expect(prediction.ask("GetModelMetadata", request)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details });
  });
});

describe("ModelService", () => {
  const available = (version: number) => ({ version, state: "AVAILABLE", status: {} });

  test("tells the state of the versions", async () => {
    const { model } = await start();
    expect(await model.ask("GetModelStatus", spec("half"))).toEqual({ model_version_status: [available(5), available(7)] });
    expect(await model.ask("GetModelStatus", spec("half", { version: { value: 5 } }))).toEqual({ model_version_status: [available(5)] });
    await expect(model.ask("GetModelStatus", spec("nope"))).rejects.toMatchObject({ code: status.NOT_FOUND, details: "Could not find any versions of model nope" });
    await expect(model.ask("GetModelStatus", {})).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details: "Missing ModelSpec" });
  });

  test("a configuration is served, and nothing else; one that does not load changes nothing", async () => {
    const { model, prediction, folder } = await start();
    const reload = (...list: Message[]) => model.ask("HandleReloadConfigRequest", { config: { model_config_list: { config: list } } });
    const both = { name: "halves", base_path: `${folder}/half`, model_platform: "tensorflow", model_version_policy: { specific: { versions: [5, 7] } }, version_labels: { stable: 5 } };
    expect(await reload(both)).toEqual({ status: {} });
    expect(await model.ask("GetModelStatus", spec("halves"))).toEqual({ model_version_status: [available(5), available(7)] });
    expect(await prediction.ask("Predict", { ...half(), ...spec("halves", { version_label: "stable" }) })).toMatchObject({ outputs: { y: floats(4) } });
    await expect(prediction.ask("Predict", half())).rejects.toMatchObject({ code: status.NOT_FOUND });
    await reload({ ...both, model_version_policy: { latest: { num_versions: 1 } }, version_labels: {} });
    expect(await model.ask("GetModelStatus", spec("halves"))).toEqual({ model_version_status: [available(7)] });
    await expect(reload({ name: "halves", base_path: `${folder}/nowhere` })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringMatching(/nowhere/) });
    expect(await prediction.ask("Predict", { ...half(), ...spec("halves") })).toMatchObject({ outputs: { y: floats(3) } });
    await expect(model.ask("HandleReloadConfigRequest", {})).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringMatching(/Only ModelConfigList/) });
    await expect(reload({ name: "halves" })).rejects.toMatchObject({ code: status.INVALID_ARGUMENT, details: expect.stringMatching(/needs a name and a base_path/) });
  });

  test("under a Millrace server nobody else changes the models", async () => {
    const { address } = await startProcess(await makeHome(config(1, endpoint("trips", variant("champion", "trips-1", 1)))));
    const model = grpcClient(address.grpcPort!, servingProtos, "tensorflow.serving.ModelService");
    const request = { config: { model_config_list: { config: [{ name: "x", base_path: "/x" }] } } };
    await expect(model.ask("HandleReloadConfigRequest", request)).rejects.toMatchObject({ code: status.PERMISSION_DENIED });
  });
});
