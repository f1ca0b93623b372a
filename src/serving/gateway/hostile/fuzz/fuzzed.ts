import { parseProto } from "../../grpc/define-service.ts";
import { inferenceProto } from "../../grpc/open-inference/infer-proto.ts";

/** A request that is right, from which wrong ones are made. */
export interface Seed {
  /** Of HTTP; a method of gRPC where there is no body but a message. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
  /** The bytes are a message of gRPC. */
  readonly grpc?: true;
}

const rows = [{ distance: 1, seats: 2, city: "Oslo" }, { distance: null, seats: 3, city: "Rome" }];
const columns = { distance: [1, 2.5], seats: [1, 2], city: ["Oslo", "Rome"] };
const tensors = (more: object = {}) => ({
  id: "7",
  parameters: { sticky_key: "k", event_time: "2026-11-20T12:00:00Z", priority: 1 },
  inputs: [
    { name: "distance", datatype: "FP32", shape: [2], data: [1, 2.5] },
    { name: "seats", datatype: "INT64", shape: [2, 1], data: [[1], [2]] },
    { name: "city", datatype: "BYTES", shape: [2], data: ["Oslo", "Rome"] },
  ],
  outputs: [{ name: "prediction", parameters: { binary_data: false, classification: 1 } }],
  ...more,
});
const matrix = { inputs: [{ name: "features", datatype: "FP64", shape: [1, 3], data: [[1, 2, 3]] }, { name: "rank", datatype: "FP32", shape: [1], data: [0.5] }, { name: "count", datatype: "UINT8", shape: [1], data: [4] }] };

function binary(): Pick<Seed, "headers" | "body"> {
  const json = JSON.stringify({
    inputs: [
      { name: "distance", datatype: "FP32", shape: [2], parameters: { binary_data_size: 8 } },
      { name: "seats", datatype: "INT16", shape: [2, 1], parameters: { binary_data_size: 4 } },
      { name: "city", datatype: "BYTES", shape: [2], parameters: { binary_data_size: 16 } },
    ],
    parameters: { binary_data_output: true },
  });
  const bytes = Buffer.from([0, 0, 128, 63, 0, 0, 32, 64, 1, 0, 2, 0, 4, 0, 0, 0, 79, 115, 108, 111, 4, 0, 0, 0, 82, 111, 109, 101]);
  return { headers: { "inference-header-content-length": String(json.length) }, body: Buffer.concat([Buffer.from(json), bytes]) };
}

function message(value: object): Buffer {
  const type = parseProto(inferenceProto).lookupType("inference.ModelInferRequest");
  return Buffer.from(type.encode(type.fromObject(value)).finish());
}
const grpcInputs = (contents: boolean) => [
  { name: "distance", datatype: "FP32", shape: [2], ...(contents && { contents: { fp32_contents: [1, 2.5] } }) },
  { name: "seats", datatype: "INT64", shape: [2, 1], ...(contents && { contents: { int64_contents: [1, -2] } }) },
  { name: "city", datatype: "BYTES", shape: [2], ...(contents && { contents: { bytes_contents: [Buffer.from("Oslo"), Buffer.from("Rome")] } }) },
];
const typed = message({ model_name: "trips", model_version: "1", id: "7", parameters: { priority: { int64_param: 1 } }, inputs: grpcInputs(true), outputs: [{ name: "prediction", parameters: { classification: { int64_param: 1 } } }] });
const raw = message({ model_name: "trips", inputs: grpcInputs(false), raw_input_contents: [Buffer.alloc(8), Buffer.alloc(16), Buffer.from("040000004f736c6f04000000526f6d65", "hex")] });

const json = { "content-type": "application/json", "x-amzn-sagemaker-target-model": "trips" };
const infer = "/v2/models/trips/infer";
const event = { specversion: "1.0", id: "1", source: "here", type: "trip", datacontenttype: "application/json", data: tensors() };
const service = "/inference.GRPCInferenceService";

/** By protocol, requests that are answered with 200: what reads them is fuzzed. */
export const fuzzed: Readonly<Record<string, readonly Seed[]>> = {
  "open inference, JSON": [{ path: infer, body: JSON.stringify(tensors()) }, { path: "/v2/models/matrix/infer", body: JSON.stringify(matrix) }],
  "open inference, binary": [{ path: infer, ...binary() }],
  "open inference, repository": [{ path: "/v2/repository/index", body: '{"ready": true}' }],
  "gRPC": [{ path: `${service}/ModelInfer`, body: typed, grpc: true }, { path: `${service}/ModelInfer`, body: raw, grpc: true }, { path: `${service}/ModelStreamInfer`, body: typed, grpc: true }],
  "TorchServe": [
    { path: "/predictions/trips", headers: json, body: JSON.stringify(rows[0]) },
    { path: "/predictions/trips", headers: json, body: JSON.stringify(rows) },
    { path: "/predictions/trips", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "distance=1&seats=2&city=Oslo" },
  ],
  "predict": [{ path: "/predict/trips", body: JSON.stringify(rows) }, { path: "/predict/trips", body: JSON.stringify(columns) }, { path: "/predict/matrix", body: '{"features": [1, 2, 3], "rank": 0.5, "count": 4}' }],
  "predict, forms": [{ path: "/predict/trips", headers: { "content-type": "application/x-www-form-urlencoded" }, body: "distance=1&seats=2&city=Oslo" }],
  "MLflow scoring, JSON": [
    { path: "/invocations", headers: json, body: JSON.stringify({ dataframe_records: rows }) },
    { path: "/invocations", headers: json, body: JSON.stringify({ inputs: columns }) },
    { path: "/invocations", headers: json, body: JSON.stringify({ dataframe_split: { columns: Object.keys(columns), index: [0, 1], data: [[1, 2, "Oslo"], [null, 3, "Rome"]] } }) },
  ],
  "MLflow scoring, CSV": [{ path: "/invocations", headers: { ...json, "content-type": "text/csv" }, body: 'distance,seats,city\n1,2,"Oslo"\n,3,"Ro""me"\n' }],
  "SageMaker, CSV without names": [{ path: "/invocations", headers: { ...json, "content-type": "text/csv", accept: "text/csv" }, body: '1,2,"Oslo"\n,3,"Ro""me"\n' }],
  "SageMaker, JSON Lines": [
    { path: "/invocations", headers: { ...json, "content-type": "application/jsonlines" }, body: rows.map((row) => `${JSON.stringify(row)}\n`).join("") },
    { path: "/invocations", headers: { ...json, "content-type": "application/jsonlines" }, body: '{"features": [1, 2, "Oslo"]}\n[null, 3, "Rome"]\n' },
  ],
  "Azure ML, envelopes": [
    { path: "/score", headers: json, body: JSON.stringify({ Inputs: { data: rows }, GlobalParameters: { method: "predict" } }) },
    { path: "/score", headers: json, body: JSON.stringify({ Inputs: { WebServiceInput0: rows } }) },
    { path: "/score", headers: json, body: JSON.stringify({ data: rows, method: "predict" }) },
  ],
  "TensorFlow Serving, REST": [{ path: "/v1/models/trips:predict", body: JSON.stringify({ instances: rows }) }, { path: "/v1/models/trips:predict", body: JSON.stringify({ inputs: columns }) }],
  "CloudEvents": [
    { path: infer, headers: { "content-type": "application/cloudevents+json" }, body: JSON.stringify(event) },
    { path: infer, headers: { "ce-specversion": "1.0", "ce-id": "1", "ce-source": "here", "ce-type": "trip" }, body: JSON.stringify(tensors()) },
  ],
};
