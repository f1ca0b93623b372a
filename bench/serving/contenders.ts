import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Environments of the peers and files of the benchmark; nothing of it is in the repository. */
export const cache = join(homedir(), ".cache", "millrace", "bench");
const peers = fileURLToPath(new URL("./peers", import.meta.url));

/** How a server is started on a port with a model file, and asked. */
export interface Contender {
  readonly name: string;
  /** Packages of its environment; none for ours. */
  readonly packages: readonly string[];
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers anything with a constant: what node:http, the load and the machine cost with no gateway at all. */
  readonly floor?: boolean;
  /** The body that asks for one row or more. */
  readonly body: (rows: number, shape: readonly number[], values: Float32Array) => Buffer;
  readonly command: (model: string, port: number, folder: string) => Promise<{ command: string; args: string[]; env?: Readonly<Record<string, string>> }>;
}

const python = (name: string): string => join(cache, name, "bin", "python");
const json = { "content-type": "application/json" };
const ort = ["onnxruntime==1.23.2", "numpy"];

function nested(values: Float32Array, shape: readonly number[]): unknown {
  if (shape.length === 1) return Array.from(values);
  const step = values.length / shape[0];
  return Array.from({ length: shape[0] }, (_, i) => nested(values.subarray(i * step, (i + 1) * step), shape.slice(1)));
}

const named = (field: string): Contender["body"] => (_, shape, values) => Buffer.from(JSON.stringify({ [field]: nested(values, shape) }));
const openInference: Contender["body"] = (_, shape, values) => Buffer.from(JSON.stringify({ inputs: [{ name: "x", datatype: "FP32", shape, data: Array.from(values) }] }));

/** The Open Inference Protocol with raw tensors both ways. */
function binary(shape: readonly number[], values: Float32Array): { header: string; body: Buffer } {
  const head = JSON.stringify({ inputs: [{ name: "x", datatype: "FP32", shape, parameters: { binary_data_size: values.byteLength } }], parameters: { binary_data_output: true } });
  return { header: String(Buffer.byteLength(head)), body: Buffer.concat([Buffer.from(head), Buffer.from(values.buffer, values.byteOffset, values.byteLength)]) };
}

/** The header that goes with `binary` for a shape. */
export const binaryHeaders = (shape: readonly number[], values: Float32Array): Record<string, string> => ({ "inference-header-content-length": binary(shape, values).header });

const ownMain = fileURLToPath(new URL("../../src/serving/gateway/main.ts", import.meta.url));

/** The gateway of a folder with this configuration, of one variant unless told otherwise; `main` is its program. */
export async function gatewayCommand(model: string, port: number, folder: string, variants: readonly object[] = [{ name: "champion", version: "1", location: model, weight: 1, shadow: false }], more: readonly string[] = ["--log-predictions", "off"], main = ownMain) {
  await mkdir(join(folder, "gateway"), { recursive: true });
  await writeFile(join(folder, "gateway", "config.json"), JSON.stringify({ revision: 1, endpoints: [{ name: "m", salt: "s", variants }] }));
  return { command: process.execPath, args: ["--max-semi-space-size=16", main, "--home", folder, "--port", String(port), "--grpc-port", "off", ...more] };
}

const script = (name: string, file: string, more: readonly string[] = []): Contender["command"] => async (model, port) => ({ command: python(name), args: [join(peers, file), model, String(port), ...more] });

function mlserver(batching: boolean): Contender["command"] {
  return async (model, port, folder) => {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const batch = batching ? { max_batch_size: 32, max_batch_time: 0.001 } : {};
    await writeFile(join(folder, "model-settings.json"), JSON.stringify({ name: "m", implementation: "mlserver_model.Served", ...batch }));
    await writeFile(join(folder, "settings.json"), JSON.stringify({ host: "127.0.0.1", http_port: port, grpc_port: port + 1, metrics_port: port + 2, parallel_workers: 0, debug: false }));
    return { command: join(cache, "mlserver", "bin", "mlserver"), args: ["start", folder], env: { BENCH_MODEL: model, PYTHONPATH: peers } };
  };
}

/** TorchServe needs a JRE (Debian's default-jre-headless). Its frontend logs every request unless told otherwise. */
function torchserve(batchRows: number): Contender["command"] {
  return async (model, port, folder) => {
    const store = join(folder, "store");
    await mkdir(join(store, "m", "MAR-INF"), { recursive: true });
    await copyFile(join(peers, "torchserve_handler.py"), join(store, "m", "torchserve_handler.py"));
    const archive = { runtime: "python", archiverVersion: "0.12.0", model: { modelName: "m", modelVersion: "1.0", handler: "torchserve_handler.py" } };
    await writeFile(join(store, "m", "MAR-INF", "MANIFEST.json"), JSON.stringify(archive));
    const settings = {
      inference_address: `http://127.0.0.1:${port}`,
      management_address: `http://127.0.0.1:${port + 1}`,
      metrics_address: `http://127.0.0.1:${port + 2}`,
      grpc_inference_port: port + 3,
      grpc_management_port: port + 4,
      number_of_netty_threads: 1,
      job_queue_size: 1000,
      disable_system_metrics: true,
      load_models: "m",
      models: JSON.stringify({ m: { "1.0": { defaultVersion: true, marName: "m", minWorkers: 1, maxWorkers: 1, batchSize: batchRows, maxBatchDelay: 1, responseTimeout: 60 } } }),
    };
    const [config, log] = [join(folder, "config.properties"), join(folder, "log4j2.xml")];
    await writeFile(config, Object.entries(settings).map(([name, value]) => `${name}=${value}\n`).join(""));
    await writeFile(log, '<Configuration><Appenders><Console name="c" target="SYSTEM_ERR"/></Appenders><Loggers><Root level="error"><AppenderRef ref="c"/></Root></Loggers></Configuration>');
    const args = ["--start", "--foreground", "--ncs", "--disable-token-auth", "--model-store", store, "--ts-config", config, "--log-config", log];
    // It keeps a file with its process in the temporary folder, and refuses to start twice.
    return { command: join(cache, "torchserve", "bin", "torchserve"), args, env: { BENCH_MODEL: model, PYTHONPATH: `${peers}:${join(peers, "torch_stand_in")}`, TMPDIR: folder, LOG_LOCATION: folder, METRICS_LOCATION: folder } };
  };
}

const bytes = { "content-type": "application/octet-stream" };

export const contenders: readonly Contender[] = [
  { name: "node:http alone", floor: true, packages: [], path: "/", headers: json, body: openInference, command: async (_, port) => ({ command: process.execPath, args: ["--max-semi-space-size=4", join(peers, "constant-server.ts"), String(port)] }) },
  { name: "fastapi", packages: ["fastapi", "uvicorn[standard]", "orjson", ...ort], path: "/predict", headers: json, body: named("instances"), command: script("fastapi", "fastapi_server.py") },
  { name: "mlserver", packages: ["mlserver", ...ort], path: "/v2/models/m/infer", headers: json, body: openInference, command: mlserver(false) },
  { name: "mlserver, batching", packages: ["mlserver", ...ort], path: "/v2/models/m/infer", headers: json, body: openInference, command: mlserver(true) },
  { name: "litserve", packages: ["litserve", ...ort], path: "/predict", headers: json, body: named("instances"), command: script("litserve", "litserve_server.py", ["1"]) },
  { name: "litserve, batching", packages: ["litserve", ...ort], path: "/predict", headers: json, body: named("instances"), command: script("litserve", "litserve_server.py", ["32"]) },
  {
    name: "bentoml",
    packages: ["bentoml", ...ort],
    path: "/predict",
    headers: json,
    body: named("instances"),
    command: async (model, port) => ({ command: join(cache, "bentoml", "bin", "bentoml"), args: ["serve", "bento_service:Served", "--working-dir", peers, "--host", "127.0.0.1", "--port", String(port)], env: { BENCH_MODEL: model, PYTHONPATH: peers } }),
  },
  {
    name: "kserve",
    packages: ["kserve", ...ort],
    path: "/v1/models/m:predict",
    headers: json,
    body: named("instances"),
    command: async (model, port) => ({ command: python("kserve"), args: [join(peers, "kserve_server.py"), String(port)], env: { BENCH_MODEL: model } }),
  },
  { name: "torchserve", packages: ["torchserve", "pyyaml", "orjson", ...ort], path: "/predictions/m", headers: bytes, body: named("instances"), command: torchserve(1) },
  { name: "torchserve, batching", packages: ["torchserve", "pyyaml", "orjson", ...ort], path: "/predictions/m", headers: bytes, body: named("instances"), command: torchserve(32) },
  { name: "ray", packages: ["ray[serve]", ...ort], path: "/predict", headers: json, body: named("instances"), command: script("ray", "ray_server.py") },
  {
    name: "mlflow",
    packages: ["mlflow", "onnx", ...ort],
    path: "/invocations",
    headers: json,
    body: named("inputs"),
    command: async (model, port, folder) => {
      const saved = join(folder, "saved");
      if (!existsSync(saved)) execFileSync(python("mlflow"), [join(peers, "mlflow_save.py"), model, saved], { stdio: "ignore" });
      return { command: python("mlflow"), args: ["-m", "mlflow", "models", "serve", "-m", saved, "--env-manager", "local", "--port", String(port), "--workers", "1"], env: { PATH: `${join(cache, "mlflow", "bin")}:${process.env["PATH"]}` } };
    },
  },
];

export const ours = {
  json: { name: "millrace", packages: [], path: "/v2/models/m/infer", headers: json, body: openInference, command: gatewayCommand } satisfies Contender,
  plain: { name: "millrace, plain", packages: [], path: "/predict/m", headers: json, body: (_, shape, values) => Buffer.from(JSON.stringify({ x: nested(values, shape) })), command: gatewayCommand } satisfies Contender,
  binary: { name: "millrace, binary", packages: [], path: "/v2/models/m/infer", body: (_, shape, values) => binary(shape, values).body, command: gatewayCommand } satisfies Contender,
};
