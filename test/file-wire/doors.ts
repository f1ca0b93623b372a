import type { TestClient, Message } from "../../src/serving/gateway/fixtures/grpc-client.ts";

/** Where a gateway listens, with a client for each of its gRPC services. */
export interface Wire {
  readonly url: string;
  readonly services: Readonly<Record<"inference.GRPCInferenceService" | "tensorflow.serving.PredictionService" | "org.pytorch.serve.grpc.inference.InferenceAPIsService", TestClient>>;
}

/** A table as its file has it, for a model of the same name as on the wire. */
export interface Sent {
  readonly model: string;
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** A way to ask for predictions: raw cells in, one number per row out. */
export interface Door {
  /** The protocol of `protocols.ts`, or service of `grpc-services.ts`. */
  readonly of: string;
  readonly what: string;
  readonly ask: (wire: Wire, sent: Sent) => Promise<readonly number[]>;
}

const segment = encodeURIComponent;

async function post(url: string, body: string | Uint8Array<ArrayBuffer> | FormData, headers: Record<string, string> = { "content-type": "application/json" }): Promise<{ json: unknown; buffer: Buffer; headers: Headers }> {
  const answer = await fetch(url, { method: "POST", body, headers });
  const buffer = Buffer.from(await answer.arrayBuffer());
  if (answer.status !== 200) throw new Error(`${answer.status} ${buffer.toString()}`);
  const isJson = answer.headers.get("content-type")?.includes("json") === true;
  return { json: isJson ? JSON.parse(buffer.toString()) : undefined, buffer, headers: answer.headers };
}

const objects = ({ names, rows }: Sent): object[] => rows.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])));
const columnsOf = ({ names, rows }: Sent, nested = false): object => Object.fromEntries(names.map((name, at) => [name, rows.map((row) => (nested ? [row[at]] : row[at]))]));
const inputs = ({ names, rows }: Sent): object[] => names.map((name, at) => ({ name, datatype: "BYTES", shape: [rows.length, 1], data: rows.map((row) => row[at]) }));
const numbers = (list: unknown): number[] => [list].flat(Infinity).flatMap((value) => (typeof value === "number" ? value : (value as { prediction: number | number[] }).prediction));
const outputOf = (body: unknown): number[] => (body as { outputs: { data: number[] }[] }).outputs[0].data;
const predictionsOf = (body: unknown): number[] => numbers((body as { predictions: unknown }).predictions);
const columnOf = (body: unknown): number[] => (body as { prediction: number[] }).prediction;

const raw = (texts: readonly string[]): Buffer =>
  Buffer.concat(texts.flatMap((text) => [Buffer.from(Uint32Array.of(Buffer.byteLength(text)).buffer), Buffer.from(text)]));

/** As pandas' `to_csv` quotes: what has a comma, a quote or a line end. */
const csvCell = (cell: string): string => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
const csv = ({ names, rows }: Sent, index: boolean): string =>
  [names, ...rows].map((row, at) => [...(index ? [at === 0 ? "" : String(at - 1)] : []), ...row.map(csvCell)].join(",")).join("\n") + "\n";

const floatsIn = (bytes: Uint8Array): number[] => [...new Float32Array(Uint8Array.from(bytes).buffer)];

/** One request for each row. */
const each = async ({ rows, ...sent }: Sent, ask: (one: Sent) => Promise<readonly number[]>): Promise<number[]> => {
  const found: number[] = [];
  for (const row of rows) found.push((await ask({ ...sent, rows: [row] }))[0]);
  return found;
};

const tensorProto = (texts: readonly string[]): Message => ({ dtype: 7, tensor_shape: { dim: [{ size: texts.length }, { size: 1 }] }, string_val: texts.map((text) => Buffer.from(text)) });
const examples = ({ names, rows }: Sent): Message => ({
  example_list: { examples: rows.map((row) => ({ features: { feature: Object.fromEntries(names.map((name, at) => [name, { bytes_list: { value: [Buffer.from(row[at])] } }])) } })) },
});
const inferMessage = (sent: Sent, rawContents: boolean): Message => ({
  model_name: sent.model,
  inputs: sent.names.map((name, at) => ({
    name,
    datatype: "BYTES",
    shape: [sent.rows.length, 1],
    ...(!rawContents && { contents: { bytes_contents: sent.rows.map((row) => Buffer.from(row[at])) } }),
  })),
  ...(rawContents && { raw_input_contents: sent.names.map((_, at) => raw(sent.rows.map((row) => row[at]))) }),
});
const oneOf = (answer: Message): number[] => {
  const typed = (answer["outputs"] as { contents?: { fp32_contents: number[] } }[])[0].contents;
  return typed ? typed.fp32_contents : floatsIn((answer["raw_output_contents"] as Uint8Array[])[0]);
};

const oip = "inference.GRPCInferenceService";
const tf = "tensorflow.serving.PredictionService";
const ts = "org.pytorch.serve.grpc.inference.InferenceAPIsService";
const csvType = { "content-type": "text/csv" };
const target = (sent: Sent) => ({ "content-type": "application/json", "x-amzn-sagemaker-target-model": sent.model });

/** Every door of the gateway that answers predictions. */
export const doors: readonly Door[] = [
  { of: "Open Inference Protocol", what: "JSON", ask: async ({ url }, sent) => outputOf((await post(`${url}/v2/models/${segment(sent.model)}/infer`, JSON.stringify({ inputs: inputs(sent) }))).json) },
  {
    of: "Open Inference Protocol",
    what: "binary tensors",
    ask: async ({ url }, sent) => {
      const parts = sent.names.map((_, at) => raw(sent.rows.map((row) => row[at])));
      const heads = sent.names.map((name, at) => ({ name, datatype: "BYTES", shape: [sent.rows.length, 1], parameters: { binary_data_size: parts[at].length } }));
      const head = Buffer.from(JSON.stringify({ inputs: heads, parameters: { binary_data_output: true } }));
      const answer = await post(`${url}/v2/models/${segment(sent.model)}/infer`, new Uint8Array(Buffer.concat([head, ...parts])), { "inference-header-content-length": String(head.length) });
      return floatsIn(answer.buffer.subarray(Number(answer.headers.get("inference-header-content-length"))));
    },
  },
  { of: oip, what: "typed contents", ask: async ({ services }, sent) => oneOf(await services[oip].ask("ModelInfer", inferMessage(sent, false))) },
  { of: oip, what: "raw contents", ask: async ({ services }, sent) => oneOf(await services[oip].ask("ModelInfer", inferMessage(sent, true))) },
  {
    of: oip,
    what: "a stream",
    ask: async ({ services }, sent) => {
      const stream = services[oip].open("ModelStreamInfer");
      stream.write(inferMessage(sent, true));
      stream.end();
      for await (const answer of stream) return oneOf((answer as { infer_response: Message }).infer_response);
      throw new Error("no answer");
    },
  },
  { of: "plain JSON", what: "rows", ask: async ({ url }, sent) => numbers((await post(`${url}/predict/${segment(sent.model)}`, JSON.stringify(objects(sent)))).json) },
  { of: "plain JSON", what: "columns", ask: async ({ url }, sent) => columnOf((await post(`${url}/predict/${segment(sent.model)}`, JSON.stringify(columnsOf(sent)))).json) },
  { of: "plain JSON", what: "a row each", ask: ({ url }, sent) => each(sent, async (one) => numbers((await post(`${url}/predict/${segment(one.model)}`, JSON.stringify(objects(one)[0]))).json)) },
  {
    of: "plain JSON",
    what: "the form",
    ask: ({ url }, sent) =>
      each(sent, async ({ model, names, rows }) => {
        const page = (await post(`${url}/predict/${segment(model)}`, new URLSearchParams(names.map((name, at) => [name, rows[0][at]])).toString(), { "content-type": "application/x-www-form-urlencoded" })).buffer.toString();
        return [Number(/<th>prediction<\/th><td>([^<]+)</.exec(page)![1])];
      }),
  },
  { of: "TensorFlow Serving and KServe V1", what: "instances by name", ask: async ({ url }, sent) => predictionsOf((await post(`${url}/v1/models/${segment(sent.model)}:predict`, JSON.stringify({ instances: objects(sent) }))).json) },
  { of: "TensorFlow Serving and KServe V1", what: "instances by place", ask: async ({ url }, sent) => predictionsOf((await post(`${url}/v1/models/${segment(sent.model)}:predict`, JSON.stringify({ instances: sent.rows }))).json) },
  { of: "TensorFlow Serving and KServe V1", what: "columns", ask: async ({ url }, sent) => numbers(((await post(`${url}/v1/models/${segment(sent.model)}:predict`, JSON.stringify({ inputs: columnsOf(sent, true) }))).json as { outputs: unknown }).outputs) },
  { of: "TensorFlow Serving and KServe V1", what: "examples to regress", ask: async ({ url }, sent) => ((await post(`${url}/v1/models/${segment(sent.model)}:regress`, JSON.stringify({ examples: objects(sent) }))).json as { results: number[] }).results },
  {
    of: tf,
    what: "Predict",
    ask: async ({ services }, sent) => {
      const inputs = Object.fromEntries(sent.names.map((name, at) => [name, tensorProto(sent.rows.map((row) => row[at]))]));
      const answer = await services[tf].ask("Predict", { model_spec: { name: sent.model }, inputs });
      return (answer["outputs"] as { prediction: { float_val: number[] } }).prediction.float_val;
    },
  },
  {
    of: tf,
    what: "Regress",
    ask: async ({ services }, sent) => {
      const answer = await services[tf].ask("Regress", { model_spec: { name: sent.model }, input: examples(sent) });
      return (answer["result"] as { regressions: { value: number }[] }).regressions.map(({ value }) => value);
    },
  },
  {
    of: tf,
    what: "Classify",
    ask: async ({ services }, sent) => {
      const answer = await services[tf].ask("Classify", { model_spec: { name: sent.model }, input: examples(sent) });
      return (answer["result"] as { classifications: { classes: { score: number }[] }[] }).classifications.map(({ classes }) => classes[0].score);
    },
  },
  { of: "MLflow scoring", what: "dataframe_split", ask: async ({ url }, sent) => predictionsOf((await post(`${url}/invocations`, JSON.stringify({ dataframe_split: { columns: sent.names, data: sent.rows } }), target(sent))).json) },
  { of: "MLflow scoring", what: "dataframe_records", ask: async ({ url }, sent) => predictionsOf((await post(`${url}/invocations`, JSON.stringify({ dataframe_records: objects(sent) }), target(sent))).json) },
  { of: "MLflow scoring", what: "instances", ask: async ({ url }, sent) => predictionsOf((await post(`${url}/invocations`, JSON.stringify({ instances: objects(sent) }), target(sent))).json) },
  { of: "MLflow scoring", what: "inputs", ask: async ({ url }, sent) => predictionsOf((await post(`${url}/invocations`, JSON.stringify({ inputs: columnsOf(sent) }), target(sent))).json) },
  { of: "MLflow scoring", what: "CSV", ask: async ({ url }, sent) => predictionsOf((await post(`${url}/invocations`, csv(sent, false), { ...target(sent), ...csvType })).json) },
  { of: "MLflow scoring", what: "CSV with pandas' index", ask: async ({ url }, sent) => predictionsOf((await post(`${url}/invocations`, csv(sent, true), { ...target(sent), ...csvType })).json) },
  { of: "SageMaker", what: "tensors", ask: async ({ url }, sent) => outputOf((await post(`${url}/invocations`, JSON.stringify({ inputs: inputs(sent) }), target(sent))).json) },
  { of: "Azure ML", what: "input_data", ask: async ({ url }, sent) => numbers((await post(`${url}/score`, JSON.stringify({ input_data: { columns: sent.names, index: sent.rows.map((_, at) => at), data: sent.rows } }), target(sent))).json) },
  { of: "Azure ML", what: "rows", ask: async ({ url }, sent) => numbers((await post(`${url}/score`, JSON.stringify(objects(sent)), target(sent))).json) },
  { of: "Vertex AI", what: "instances", ask: async ({ url }, sent) => predictionsOf((await post(`${url}/vertex/predict`, JSON.stringify({ instances: objects(sent) }), target(sent))).json) },
  { of: "TorchServe", what: "rows", ask: async ({ url }, sent) => numbers((await post(`${url}/predictions/${segment(sent.model)}`, JSON.stringify({ data: objects(sent) }))).json) },
  {
    of: "TorchServe",
    what: "a form",
    ask: ({ url }, sent) =>
      each(sent, async ({ model, names, rows }) => {
        const form = new FormData();
        for (const [at, name] of names.entries()) form.set(name, rows[0][at]);
        return numbers((await post(`${url}/predictions/${segment(model)}`, form, {})).json);
      }),
  },
  { of: "TorchServe (old paths)", what: "a row each", ask: ({ url }, sent) => each(sent, async (one) => numbers((await post(`${url}/${segment(one.model)}/predict`, JSON.stringify(objects(one)[0]))).json)) },
  {
    of: ts,
    what: "fields",
    ask: ({ services }, sent) =>
      each(sent, async ({ model, names, rows }) => {
        const answer = await services[ts].ask("Predictions", { model_name: model, input: Object.fromEntries(names.map((name, at) => [name, Buffer.from(rows[0][at])])) });
        return numbers(JSON.parse(Buffer.from(answer["prediction"] as Uint8Array).toString()));
      }),
  },
];

/** What answers no predictions. */
export const otherServices = ["tensorflow.serving.ModelService", "org.pytorch.serve.grpc.management.ManagementAPIsService", "grpc.health.v1.Health"];
