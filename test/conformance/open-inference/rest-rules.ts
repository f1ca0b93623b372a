import assert from "node:assert/strict";
import type { Rule } from "./rule.ts";
import { skip } from "./rule.ts";
import { count, jsonInputs, sizes } from "./samples.ts";
import type { Json, ModelMetadata, RestAnswer, Target, TensorMetadata } from "./target.ts";

const document = "inference_rest.md";

/** A failure has a status of the client's or the server's fault and says why in `error`. */
function refused({ status, json }: RestAnswer): void {
  assert(status >= 400 && status < 500, `the answer has status ${status}, which is no 4xx`);
  assert(typeof json?.["error"] === "string" && json["error"] !== "", `the answer is ${JSON.stringify(json)}; it must be {"error": a sentence}`);
}

function ok({ status, json }: RestAnswer): Json {
  assert.equal(status, 200, `the answer has status ${status}: ${JSON.stringify(json)}`);
  assert(json, "the answer is no JSON");
  return json;
}

interface OutputTensor {
  readonly name: string;
  readonly shape: number[];
  readonly datatype: string;
  readonly data: unknown[];
}

/** The outputs of an answer, each whole and as the metadata say. */
function outputsOf(answer: RestAnswer, { outputs }: ModelMetadata): OutputTensor[] {
  const tensors = ok(answer)["outputs"] as OutputTensor[];
  assert(Array.isArray(tensors), "there is no list of outputs");
  for (const { name, shape, datatype, data } of tensors) {
    const described = outputs.find((output) => output.name === name);
    assert(described, `the metadata do not name the output "${name}"`);
    assert.equal(datatype, described.datatype, `the datatype of "${name}"`);
    const fits = shape.length === described.shape.length && described.shape.every((size, axis) => size < 0 || size === shape[axis]);
    assert(fits, `"${name}" has the shape ${JSON.stringify(shape)}, and by the metadata ${JSON.stringify(described.shape)}`);
    assert.equal(data.flat(Infinity).length, count(shape), `the number of elements of "${name}"`);
  }
  return tensors;
}

function describedTensors(tensors: unknown): void {
  assert(Array.isArray(tensors) && tensors.length > 0, "there is no list of tensors");
  for (const { name, datatype, shape } of tensors as TensorMetadata[]) {
    assert(typeof name === "string" && name !== "", `a tensor has the name ${JSON.stringify(name)}`);
    assert(Object.hasOwn(sizes, datatype), `"${name}" has the datatype ${JSON.stringify(datatype)}`);
    assert(Array.isArray(shape) && shape.every((size) => Number.isInteger(size) && size >= -1), `"${name}" has the shape ${JSON.stringify(shape)}`);
  }
}

/** A request that is right but for one change must be refused. */
const refuses = (name: string, change: (request: { inputs: Json[] } & Json) => unknown): Rule => ({
  name: `infer refuses ${name}`,
  section: `${document}, Inference Response JSON Error Object`,
  check: async (target) => refused(await target.infer(change({ inputs: jsonInputs(await target.metadata()) }))),
});

const first = ({ inputs: [input, ...others] }: { inputs: Json[] }, change: Json) => ({ inputs: [{ ...input, ...change }, ...others] });

export const restRules: readonly Rule[] = [
  ...["/health/live", "/health/ready"].map((path) => ({
    name: `GET v2${path} answers 200`,
    section: `${document}, Health`,
    check: async (target: Target) => assert.equal((await target.rest("GET", path)).status, 200),
  })),
  {
    name: "GET v2/models/{model}/ready answers 200, also for each version",
    section: `${document}, Health`,
    check: async (target) => {
      const { versions } = await target.metadata();
      for (const version of ["", ...(versions ?? []).map((one) => `/versions/${one}`)]) {
        assert.equal((await target.rest("GET", `/models/${target.model}${version}/ready`)).status, 200);
      }
    },
  },
  {
    name: "GET v2 tells name, version and extensions",
    section: `${document}, Server Metadata`,
    check: async (target) => {
      const { name, version, extensions } = ok(await target.rest("GET", ""));
      assert(typeof name === "string" && typeof version === "string", `name and version are ${JSON.stringify([name, version])}`);
      assert(Array.isArray(extensions) && extensions.every((one) => typeof one === "string"), `extensions are ${JSON.stringify(extensions)}`);
    },
  },
  {
    name: "GET v2/models/{model} describes inputs and outputs",
    section: `${document}, Model Metadata`,
    check: async (target) => {
      const { name, platform, inputs, outputs, versions } = ok(await target.rest("GET", `/models/${target.model}`));
      assert.equal(name, target.model);
      assert(typeof platform === "string" && platform !== "", `the platform is ${JSON.stringify(platform)}`);
      assert((versions ?? undefined) === undefined || (Array.isArray(versions) && versions.every((one) => typeof one === "string")), "versions are a list of strings");
      describedTensors(inputs);
      describedTensors(outputs);
    },
  },
  {
    name: "GET v2/models/{model} of a model that is not there is refused",
    section: `${document}, Model Metadata Response JSON Error Object`,
    check: async (target) => refused(await target.rest("GET", "/models/there-is-no-such-model")),
  },
  {
    name: "infer answers tensors as the metadata describe them",
    section: `${document}, Inference Response JSON Object`,
    check: async (target) => {
      const metadata = await target.metadata();
      const answer = await target.infer({ inputs: jsonInputs(metadata) });
      assert.equal(outputsOf(answer, metadata).length, metadata.outputs.length, "the number of outputs");
      assert.equal(answer.json!["model_name"], target.model);
      assert.match(answer.headers.get("content-type") ?? "", /^application\/json/);
    },
  },
  {
    name: "infer takes nested data as it takes flat data",
    section: `${document}, Tensor Data`,
    check: async (target) => {
      const metadata = await target.metadata();
      const flat = outputsOf(await target.infer({ inputs: jsonInputs(metadata) }), metadata);
      assert.deepEqual(outputsOf(await target.infer({ inputs: jsonInputs(metadata, true) }), metadata), flat);
    },
  },
  {
    name: "infer gives the id back",
    section: `${document}, Inference Response JSON Object`,
    check: async (target) => {
      const request = { id: "a-42", inputs: jsonInputs(await target.metadata()) };
      assert.equal(ok(await target.infer(request))["id"], "a-42");
    },
  },
  {
    name: "infer gives the outputs asked for and no others",
    section: `${document}, Request Output`,
    check: async (target) => {
      const metadata = await target.metadata();
      const { name } = metadata.outputs.at(-1)!;
      const answer = await target.infer({ inputs: jsonInputs(metadata), outputs: [{ name }] });
      assert.deepEqual(outputsOf(answer, metadata).map((output) => output.name), [name]);
    },
  },
  {
    name: "infer asks one version where the path names it",
    section: `${document}, Inference`,
    check: async (target) => {
      const metadata = await target.metadata();
      const version = metadata.versions?.[0] ?? skip("the metadata name no versions");
      const answer = await target.rest("POST", `/models/${target.model}/versions/${version}/infer`, { inputs: jsonInputs(metadata) });
      assert([undefined, version].includes(ok(answer)["model_version"] as string), `model_version is ${JSON.stringify(answer.json!["model_version"])}`);
    },
  },
  {
    name: "infer of a model that is not there is refused",
    section: `${document}, Inference Response JSON Error Object`,
    check: async (target) => refused(await target.rest("POST", "/models/there-is-no-such-model/infer", { inputs: jsonInputs(await target.metadata()) })),
  },
  refuses("what is no JSON", () => "{"),
  refuses("a request without inputs", () => ({})),
  refuses("a request that lacks an input", ({ inputs }) => ({ inputs: inputs.slice(1) })),
  refuses("an input that the model does not have", ({ inputs }) => ({ inputs: [...inputs, { ...inputs[0], name: "there-is-no-such-input" }] })),
  refuses("a datatype that there is not", (request) => first(request, { datatype: "FP31" })),
  refuses("more data than the shape says", (request) => first(request, { data: [...(request.inputs[0]["data"] as unknown[]), 0] })),
  refuses("a negative dimension", (request) => first(request, { shape: [-1] })),
  refuses("a tensor without data", (request) => first(request, { data: undefined })),
  refuses("an output that the model does not have", (request) => ({ ...request, outputs: [{ name: "there-is-no-such-output" }] })),
];
