import type { Message, TestClient } from "../../src/serving/gateway/fixtures/grpc-client.ts";
import { parseJson } from "../../src/serving/gateway/tensors/parse-json.ts";

/** A gateway that serves `echo`, which gives its input `x`, FP32 [N, 1], back as `y`, and says no more of itself. */
export interface Wire {
  readonly url: string;
  readonly oip: TestClient;
  readonly tf: TestClient;
  readonly ts: TestClient;
}

export interface Answered {
  readonly values: readonly number[];
  /** Where numbers are texts: the answer as it was written. */
  readonly text?: string;
}

/** A way to send numbers and to get them back. */
export interface Door {
  /** The protocol of `protocols.ts`, or service of `grpc-services.ts`. */
  readonly of: string;
  readonly what: string;
  readonly ask: (wire: Wire, values: readonly number[]) => Promise<Answered>;
  /** How it writes NaN and infinity; undefined where numbers are bytes. */
  readonly writes?: readonly [nan: string, infinity: string];
  /** It sends one row, and cannot send none. */
  readonly oneByOne?: true;
}

const rest = { loose: ["NaN", "Infinity"], strict: ["null", "1e999"], shared: ["null", "Infinity"] } as const;

async function post(url: string, body: string | Uint8Array<ArrayBuffer> | FormData, headers: Record<string, string> = { "content-type": "application/json" }): Promise<Buffer> {
  const answer = await fetch(url, { method: "POST", body, headers });
  const bytes = Buffer.from(await answer.arrayBuffer());
  if (answer.status !== 200) throw new Error(`${answer.status} ${bytes.toString()}`);
  return bytes;
}

const written = (value: number): string => (Number.isNaN(value) ? "null" : Object.is(value, -0) ? "-0.0" : String(value));
const list = (values: readonly number[]): string => `[${values.map(written).join(",")}]`;
const records = (values: readonly number[]): string => `[${values.map((value) => `{"x":${written(value)}}`).join(",")}]`;
const pairs = (values: readonly number[]): string => `[${values.map((value) => `[${written(value)}]`).join(",")}]`;

/** Every number, or null for a missing one, of a value of JSON, in order. */
const numbersOf = (value: unknown): number[] =>
  value === null ? [NaN] : typeof value === "number" ? [value] : typeof value === "string" ? [] : Object.values(value as object).flatMap(numbersOf);

/** A door whose request and answer are JSON; `within`: what of the answer holds the values. */
const json = (of: string, what: string, path: string, body: (values: readonly number[]) => string, writes: Door["writes"], within: (answer: never) => unknown = (answer) => answer): Door => ({
  of,
  what,
  ...(writes && { writes }),
  ask: async ({ url }, values) => {
    const text = (await post(`${url}${path}`, body(values))).toString();
    return { values: numbersOf(within(parseJson(text) as never)), text };
  },
});

const floatsOf = (bytes: Uint8Array): number[] => [...new Float32Array(Uint8Array.from(bytes).buffer)];
const bytesOf = (values: readonly number[]): Buffer => Buffer.from(Float32Array.from(values).buffer);
const dataOf = (answer: { outputs: { data: unknown }[] }): unknown => answer.outputs[0].data;
const tensor = (values: readonly number[]): string => `{"inputs":[{"name":"x","datatype":"FP32","shape":[${values.length},1],"data":${list(values)}}]}`;
const typed = (values: readonly number[]): Message => ({ model_name: "echo", inputs: [{ name: "x", datatype: "FP32", shape: [values.length, 1], contents: { fp32_contents: values } }] });
const raw = (values: readonly number[]): Message => ({ model_name: "echo", inputs: [{ name: "x", datatype: "FP32", shape: [values.length, 1] }], raw_input_contents: [bytesOf(values)] });
const examples = (values: readonly number[]): Message => ({ example_list: { examples: values.map((value) => ({ features: { feature: { x: { float_list: { value: [value] } } } } })) } });
const outputOf = ({ outputs, raw_output_contents: bytes }: Message): number[] => {
  const { contents } = (outputs as { contents?: { fp32_contents?: number[] } }[])[0];
  return contents ? [...(contents.fp32_contents ?? [])] : floatsOf((bytes as Uint8Array[])[0]);
};

const each = async (values: readonly number[], ask: (value: number) => Promise<Answered>): Promise<Answered> => {
  const answers: Answered[] = [];
  for (const value of values) answers.push(await ask(value));
  return { values: answers.flatMap((answer) => answer.values), text: answers.map(({ text }) => text).join("\n") };
};

const lines = (of: string, what: string, type: string, body: (values: readonly number[]) => string, read: (text: string) => number[], writes: Door["writes"]): Door => ({
  of,
  what,
  ...(writes && { writes }),
  ask: async ({ url }, values) => {
    const text = (await post(`${url}/invocations`, body(values), { "content-type": type, accept: type.split(";", 1)[0] })).toString();
    return { values: read(text), text };
  },
});

const oip = "Open Inference Protocol";
const tfServing = "TensorFlow Serving and KServe V1";
const grpcOip = "inference.GRPCInferenceService";
const grpcTf = "tensorflow.serving.PredictionService";
const csvText = (values: readonly number[]): string => values.map((value) => `${Object.is(value, -0) ? "-0.0" : value}\n`).join("");

export const doors: readonly Door[] = [
  json(oip, "JSON", "/v2/models/echo/infer", tensor, rest.shared, dataOf),
  {
    of: oip,
    what: "a CloudEvent",
    writes: rest.shared,
    ask: async ({ url }, values) => {
      const event = `{"specversion":"1.0","id":"1","source":"s","type":"t","data":${tensor(values)}}`;
      const text = (await post(`${url}/v2/models/echo/infer`, event, { "content-type": "application/cloudevents+json" })).toString();
      return { values: numbersOf(dataOf((parseJson(text) as { data: never }).data)), text };
    },
  },
  {
    of: oip,
    what: "binary tensors",
    ask: async ({ url }, values) => {
      const head = `{"inputs":[{"name":"x","datatype":"FP32","shape":[${values.length},1],"parameters":{"binary_data_size":${4 * values.length}}}],"parameters":{"binary_data_output":true}}`;
      const answer = await fetch(`${url}/v2/models/echo/infer`, { method: "POST", body: Buffer.concat([Buffer.from(head), bytesOf(values)]), headers: { "inference-header-content-length": String(head.length) } });
      const bytes = Buffer.from(await answer.arrayBuffer());
      if (answer.status !== 200) throw new Error(bytes.toString());
      return { values: floatsOf(bytes.subarray(Number(answer.headers.get("inference-header-content-length")))) };
    },
  },
  { of: grpcOip, what: "typed contents", ask: async (wire, values) => ({ values: outputOf(await wire.oip.ask("ModelInfer", typed(values))) }) },
  { of: grpcOip, what: "raw contents", ask: async (wire, values) => ({ values: outputOf(await wire.oip.ask("ModelInfer", raw(values))) }) },
  {
    of: grpcOip,
    what: "a stream",
    ask: async (wire, values) => {
      const stream = wire.oip.open("ModelStreamInfer");
      stream.write(raw(values));
      stream.end();
      for await (const answer of stream) return { values: outputOf((answer as { infer_response: Message }).infer_response) };
      throw new Error("no answer");
    },
  },
  json("plain JSON", "rows", "/predict/echo", records, rest.strict),
  json("plain JSON", "columns", "/predict/echo", (values) => `{"x":${list(values)}}`, rest.strict),
  json(tfServing, "instances", "/v1/models/echo:predict", (values) => `{"instances":${list(values)}}`, rest.shared),
  json(tfServing, "instances by name", "/v1/models/echo:predict", (values) => `{"instances":${records(values)}}`, rest.shared),
  json(tfServing, "instances of a version", "/v1/models/echo/versions/1:predict", (values) => `{"instances":${pairs(values)}}`, rest.loose),
  json(tfServing, "columns", "/v1/models/echo:predict", (values) => `{"inputs":{"x":${list(values)}}}`, rest.loose),
  json(tfServing, "examples to regress", "/v1/models/echo:regress", (values) => `{"examples":${records(values)}}`, rest.loose),
  json(tfServing, "examples to classify", "/v1/models/echo:classify", (values) => `{"examples":${records(values)}}`, rest.loose),
  {
    of: grpcTf,
    what: "Predict",
    ask: async ({ tf }, values) => {
      const inputs = { x: { dtype: 1, tensor_shape: { dim: [{ size: values.length }, { size: 1 }] }, float_val: values } };
      const { y } = (await tf.ask("Predict", { model_spec: { name: "echo" }, inputs }))["outputs"] as { y: { float_val?: number[] } };
      return { values: y.float_val ?? [] };
    },
  },
  {
    of: grpcTf,
    what: "Regress",
    ask: async ({ tf }, values) => {
      const { result } = (await tf.ask("Regress", { model_spec: { name: "echo" }, input: examples(values) })) as { result: { regressions?: { value?: number }[] } };
      return { values: (result.regressions ?? []).map(({ value }) => value ?? 0) };
    },
  },
  json("MLflow scoring", "split", "/invocations", (values) => `{"dataframe_split":{"columns":["x"],"data":${pairs(values)}}}`, rest.loose),
  json("MLflow scoring", "records", "/invocations", (values) => `{"dataframe_records":${records(values)}}`, rest.loose),
  json("MLflow scoring", "instances", "/invocations", (values) => `{"instances":${list(values)}}`, rest.loose),
  json("MLflow scoring", "inputs", "/invocations", (values) => `{"inputs":${list(values)}}`, rest.loose),
  lines("MLflow scoring", "CSV", "text/csv", (values) => `x\n${csvText(values)}`, (text) => text.split("\n").slice(0, -1).map(Number), ["NaN", "Infinity"]),
  { ...lines("MLflow scoring", "SageMaker's CSV", "text/csv; header=absent", csvText, (text) => text.split("\n").slice(0, -1).map(Number), ["NaN", "Infinity"]), oneByOne: true },
  lines("MLflow scoring", "JSON Lines", "application/jsonlines", (values) => values.map((value) => `${written(value)}\n`).join(""), (text) => text.split("\n").slice(0, -1).flatMap((line) => numbersOf(parseJson(line))), rest.strict),
  json("SageMaker", "tensors", "/invocations", tensor, rest.shared, dataOf),
  json("Azure ML", "input_data", "/score", (values) => `{"input_data":{"columns":["x"],"data":${pairs(values)}}}`, rest.loose),
  json("Azure ML", "AutoML", "/score", (values) => `{"Inputs":{"data":${records(values)}},"GlobalParameters":0.0}`, rest.loose),
  json("Azure ML", "AutoML's first", "/score", (values) => `{"data":${records(values)},"method":"predict"}`, rest.loose),
  json("Azure ML", "designer", "/score", (values) => `{"Inputs":{"WebServiceInput0":${records(values)}}}`, rest.strict),
  json("Azure ML", "data", "/score", (values) => `{"data":${records(values)}}`, rest.strict),
  json("Vertex AI", "instances", "/vertex/predict", (values) => `{"instances":${list(values)},"parameters":{}}`, rest.shared),
  json("TorchServe", "rows", "/predictions/echo", records, rest.strict),
  json("TorchServe (old paths)", "rows", "/echo/predict", records, rest.strict),
  {
    of: "TorchServe",
    what: "a form",
    oneByOne: true,
    writes: rest.strict,
    ask: ({ url }, values) =>
      each(values, async (value) => {
        const form = new FormData();
        form.set("x", csvText([value]).trim());
        const text = (await post(`${url}/predictions/echo`, form, {})).toString();
        return { values: numbersOf(parseJson(text)), text };
      }),
  },
  {
    of: "org.pytorch.serve.grpc.inference.InferenceAPIsService",
    what: "a field",
    oneByOne: true,
    writes: rest.strict,
    ask: ({ ts }, values) =>
      each(values, async (value) => {
        const { prediction } = await ts.ask("Predictions", { model_name: "echo", input: { x: Buffer.from(csvText([value]).trim()) } });
        const text = Buffer.from(prediction as Uint8Array).toString();
        return { values: numbersOf(parseJson(text)), text };
      }),
  },
];
