import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ModelConfig } from "../../src/serving/gateway/config/models-file.ts";
import { at, makeFolder, startOwn } from "../../src/serving/gateway/fixtures/own-gateway.ts";
import { pythonWith, runScript } from "./python.ts";

const run = promisify(execFile);
const here = fileURLToPath(new URL(".", import.meta.url));
const kserve = "kserve==0.21.0";
const packages = [kserve, "pytest==9.2.0", "pytest-asyncio==1.5.0", "avro==1.12.2", "grpcio-testing==1.81.1", "cloudevents==1.13.0", "onnx==1.23.2"];
let python: string;
let folder: string;

beforeAll(async () => {
  python = await pythonWith("kserve-suite", packages);
  folder = await mkdtemp(join(tmpdir(), "millrace-kserve-"));
  await runScript(python, join(here, "kserve_suite_models.py"), { FOLDER: folder });
  // The tests of the package are in its source alone.
  await run(python, ["-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:", "--disable-pip-version-check", "-d", folder, kserve]);
  await run("tar", ["-xzf", join(folder, "kserve-0.21.0.tar.gz"), "-C", folder, "--strip-components", "1", "kserve-0.21.0/test"]);
}, 900_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

const twin = (name: string, more: Omit<ModelConfig, "places"> = {}) => at(join(folder, `${name}.onnx`), more);

/** What became of the tests of a file that have a name, or a class, asked of a gateway with these models: "" or how they failed. */
async function outcomesOf(file: string, names: readonly string[], models: Record<string, ModelConfig>): Promise<Record<string, string>> {
  const gateway = await startOwn(await makeFolder(), models, { grpcPort: 0 });
  const outcomes = join(await makeFolder(), "outcomes.json");
  const env = { ...process.env, PYTHONPATH: here, PYTHONDONTWRITEBYTECODE: "1", GATEWAY_URL: gateway.url, GATEWAY_GRPC: `127.0.0.1:${gateway.address.grpcPort}`, OUTCOMES: outcomes };
  const args = ["-m", "pytest", "-q", "-p", "kserve_suite_plugin", "-p", "no:cacheprovider", ...(names.length > 0 ? names.map((name) => `test/${file}::${name}`) : [`test/${file}`])];
  await run(python, args, { cwd: folder, env }).catch(({ code, stdout }: { code: unknown; stdout: string }) => {
    if (code !== 1) throw new Error(`pytest ended with ${String(code)}: ${stdout}`);
  });
  const found = JSON.parse(await readFile(outcomes, "utf8")) as Record<string, string>;
  expect(Object.keys(found).length, "tests that ran").toBeGreaterThan(0);
  return found;
}

/** The tests that fail, with the reason for each: fields of KServe alone, and models that are programs. */
const known: Readonly<Record<string, string>> = {
  test_liveness_v1: "GET / lists the paths",
  test_unknown_model_v1: "TensorFlow Serving has the same path and other words",
  test_explain_v1: "not built",
  test_unknown_path_v1: "FastAPI's body",
  test_datetime_output_v1: "a program that tells the time",
  test_datetime_output: "a program that tells the time",
  test_infer_parameters_v2: "a program that answers with the parameters of its request",
  test_fp16_input_not_binary_data: "FP16 is taken in JSON, too",
  test_fp16_output_not_binary_data: "FP16 is written in JSON, too",
  test_fp16_output_as_binary_data: "the length of KServe's JSON, in a header",
  test_all_output_as_binary_data: "the length of KServe's JSON, in a header",
  test_binary_data_parameter_precedence: "the length of KServe's JSON, in a header",
  test_model_not_ready_v2: "a model that is not loaded is 404, as on Triton",
  test_predict: "a model that is not loaded is 404, as on TensorFlow Serving",
  test_infer: "a model that is not loaded is 404, as on Triton",
  test_explain: "not built",
  test_predict_custom_ce_attributes: "variables of the environment of KServe's process",
  test_predict_merge_structured_ce_attributes: "variables of the environment of KServe's process",
  test_predict_merge_binary_ce_attributes: "variables of the environment of KServe's process",
  test_predict_ce_bytes_bad_format_exception: "the words of its JSON library",
  test_predict_ce_bytes_bad_hex_format_exception: "the words of its JSON library",
  test_load: "the answer is empty, as Triton's",
  test_unload: "the answer is empty, as Triton's",
};

test.each<[file: string, names: string[], models: () => Record<string, ModelConfig>, passed: number]>([
  ["test_server.py", ["TestV1Endpoints"], () => ({ TestModel: twin("echo"), DateTimeModel: twin("echo") }), 4],
  ["test_server.py", ["TestV2Endpoints"], () => ({ TestModel: twin("echo"), FP16InputModel: twin("fp16_input"), FP16OutputModel: twin("fp16_output"), DateTimeModel: twin("echo") }), 4],
  ["test_server.py", ["TestTFHttpServerModelNotLoaded", "TestTFHttpServerModelNotReady"], () => ({ TestModel: twin("echo", { unloaded: true }) }), 2],
  ["test_server.py", ["TestTFHttpServerCloudEvent"], () => ({ TestModel: twin("echo") }), 3],
  ["test_server.py", ["TestTFHttpServerLoadAndUnLoad"], () => ({ model: twin("echo") }), 0],
  ["test_grpc_server.py", [], () => ({ TestModel: twin("kinds"), FP16OutputModel: twin("fp16_output"), FP16InputModel: twin("fp16_input_grpc") }), 6],
])("%s, %j", async (file, names, models, passed) => {
  const found = Object.entries(await outcomesOf(file, names, models())).map(([id, how]) => ({ name: id.split("::").at(-1)!, how }));
  expect(found.filter(({ name, how }) => how !== "" && !(name in known))).toEqual([]);
  expect(found.filter(({ how }) => how === "").length).toBe(passed);
});
