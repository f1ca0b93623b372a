import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { config, endpoint, makeHome, startProcess, variant } from "../../src/serving/gateway/fixtures/gateway-process.ts";
import { servingProtos } from "../../src/serving/gateway/grpc/tf-serving/serving-proto.ts";
import { pythonWith, runScript } from "./python.ts";

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

async function addresses(): Promise<Record<"HTTP" | "GRPC", string>> {
  const names = { half: ["half_plus_two", "7"], trips: ["trips-1", "1"], churn: ["churn", "1"] };
  const endpoints = Object.entries(names).map(([name, [model, version]]) => endpoint(name, { ...variant("champion", model, 1), version }));
  const { address } = await startProcess(await makeHome(config(1, ...endpoints)));
  return { HTTP: `${address.host}:${address.port}`, GRPC: `${address.host}:${address.grpcPort}` };
}

/** The gateway's own .proto texts as files with imports, for protoc. */
async function protoFiles(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-protos-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [, tensorflow, serving] = servingProtos;
  const imports = ["google/protobuf/wrappers.proto", "google/protobuf/any.proto", "tensorflow.proto"].map((file) => `import "${file}";`).join("\n");
  await writeFile(join(folder, "tensorflow.proto"), tensorflow);
  await writeFile(join(folder, "serving.proto"), serving.replace("package tensorflow.serving;", `package tensorflow.serving;\n${imports}`));
  return folder;
}

test("a session over TensorFlow Serving's gRPC, with stubs of grpcio, and over its REST", async () => {
  const python = await pythonWith("grpcio", ["grpcio-tools==1.85.1"]);
  const said = await runScript(python, script("tf_serving_session.py"), { ...(await addresses()), PROTOS: await protoFiles() });
  expect(JSON.parse(said)).toEqual({ done: true });
});

test("a session of KServe's REST client with the V1 protocol", async () => {
  const python = await pythonWith("kserve", ["kserve==0.21.0"]);
  const said = await runScript(python, script("kserve_v1_session.py"), await addresses());
  expect(JSON.parse(said)).toEqual({ done: true });
});
