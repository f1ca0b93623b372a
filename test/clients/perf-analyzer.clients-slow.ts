import { execFile } from "node:child_process";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { config, endpoint, makeHome, startProcess, variant } from "../../src/serving/gateway/fixtures/gateway-process.ts";
import { pythonWith } from "./python.ts";

/**
 * Triton's load tool, from the last wheel of its client that brings it. It wants a library of CUDA, though no GPU, and
 * Debian's package libb64-0d.
 */
async function perfAnalyzer(...args: string[]): Promise<string> {
  const python = await pythonWith("perf_analyzer", ["tritonclient==2.41.1", "nvidia-cuda-runtime-cu12==12.9.79"]);
  const { stdout: site } = await promisify(execFile)(python, ["-c", "import sysconfig; print(sysconfig.get_path('platlib'))"]);
  const env = { ...process.env, LD_LIBRARY_PATH: `${join(site.trim(), "nvidia/cuda_runtime/lib")}:${process.env["LD_LIBRARY_PATH"] ?? ""}` };
  const program = join(dirname(python), "perf_analyzer");
  const { stdout } = await promisify(execFile)(program, [...args, "--concurrency-range", "4", "-p", "1000", "-s", "90"], { env, maxBuffer: 1 << 24 });
  return stdout;
}

test.each([
  ["http", []],
  ["grpc", []],
  ["grpc", ["--streaming", "--async"]],
])("perf_analyzer over %s %j: a throughput, and the server's own statistics of the same requests", async (protocol, more) => {
  // It takes versions for numbers.
  const simple = { ...variant("champion", "simple", 1), version: "1" };
  const { address } = await startProcess(await makeHome(config(1, endpoint("simple", simple))));
  const port = protocol === "http" ? address.port : address.grpcPort;
  const said = await perfAnalyzer("-m", "simple", "-i", protocol, "-u", `127.0.0.1:${port}`, ...more);
  const number = (what: RegExp) => Number(what.exec(said)?.[1]);
  expect(number(/Throughput: ([\d.]+) infer\/sec/), said).toBeGreaterThan(100);
  expect(number(/Successful request count: (\d+)/), said).toBeGreaterThan(100);
  expect(said).not.toMatch(/fail|error/i);
});

test("perf_analyzer over TensorFlow Serving's gRPC", async () => {
  const { address } = await startProcess(await makeHome(config(1, endpoint("half", { ...variant("champion", "half_plus_two", 1), version: "1" }))));
  const said = await perfAnalyzer("-m", "half", "--service-kind", "tfserving", "-i", "grpc", "--shape", "x:1", "-u", `127.0.0.1:${address.grpcPort}`);
  expect(Number(/Throughput: ([\d.]+) infer\/sec/.exec(said)?.[1]), said).toBeGreaterThan(100);
  expect(said).not.toMatch(/fail|error/i);
});
