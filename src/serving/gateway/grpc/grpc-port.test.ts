import { once } from "node:events";
import { createServer } from "node:net";
import { status } from "@grpc/grpc-js";
import { describe, expect, onTestFinished, test } from "vitest";
import { config, endpoint, makeHome, startProcess, variant } from "../fixtures/gateway-process.ts";
import { grpcClient } from "../fixtures/grpc-client.ts";
import type { Message } from "../fixtures/grpc-client.ts";
import { inferenceProto } from "./open-inference/infer-proto.ts";

const models = config(1, endpoint("trips", variant("champion", "trips-1", 1), variant("challenger", "trips-2", 0)));
const service = "inference.GRPCInferenceService";

const trip = (id: string, parameters: Message = {}): Message => ({
  model_name: "trips",
  id,
  parameters,
  inputs: [
    { name: "distance", datatype: "FP32", shape: [1], contents: { fp32_contents: [1] } },
    { name: "seats", datatype: "INT64", shape: [1], contents: { int64_contents: [2] } },
    { name: "city", datatype: "BYTES", shape: [1], contents: { bytes_contents: [Buffer.from("Oslo")] } },
  ],
});

describe("the port of gRPC", () => {
  test("is in the address file and the status; without it there is HTTP alone", async () => {
    const gateway = await startProcess(await makeHome(models));
    expect(gateway.address.grpcPort).toBeGreaterThan(0);
    expect((await gateway.admin("status")).grpcPort).toBe(gateway.address.grpcPort);
    const without = await startProcess(await makeHome(models), "--grpc-port", "off");
    expect(without.address.grpcPort).toBeNull();
    expect((await without.admin("status")).grpcPort).toBeNull();
  });

  test("that is taken is said so, with exit code 1", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void other.close());
    await once(other, "listening");
    const { port } = other.address() as { port: number };
    await expect(startProcess(await makeHome(models), "--grpc-port", String(port))).rejects.toThrow(
      new RegExp(`ended with 1: \\{.*\nPort ${port} on 127\\.0\\.0\\.1 is taken by another program; stop that one or choose another with --grpc-port\\.`, "s"),
    );
    await expect(startProcess(await makeHome(models), "--grpc-port", "much")).rejects.toThrow(/ended with 2: --grpc-port is "much"/);
  });

  test("a message beyond the limit of bodies is refused, and the gateway goes on", async () => {
    const gateway = await startProcess(await makeHome(models), "--max-body-mib", "0.5");
    const client = grpcClient(gateway.address.grpcPort!, inferenceProto, service);
    const large = { ...trip("large"), raw_input_contents: [Buffer.alloc(600_000)] };
    await expect(client.ask("ModelInfer", large)).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect(await client.ask("ModelInfer", trip("small"))).toMatchObject({ id: "small" });
  });

  test("a request that is late by its own word is told so", async () => {
    const gateway = await startProcess(await makeHome(models));
    const client = grpcClient(gateway.address.grpcPort!, inferenceProto, service);
    const late = client.ask("ModelInfer", trip("late", { timeout: { int64_param: 1 } }));
    await expect(late).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED, details: expect.stringMatching(/was not answered within its \d ms/) });
  });

  test("SIGTERM answers what came in over gRPC, and exits 0", async () => {
    const gateway = await startProcess(await makeHome(models));
    const client = grpcClient(gateway.address.grpcPort!, inferenceProto, service);
    await client.ask("ServerLive");
    const answers = Array.from({ length: 200 }, (_, i) => client.ask("ModelInfer", trip(`r${i}`)));
    await answers[0];
    gateway.child.kill("SIGTERM");
    // What had not come in yet finds nobody.
    const ids = await Promise.all(answers.map((answer) => answer.then(({ id }) => id, (error: { code: status }) => status[error.code])));
    expect(ids.filter((id, i) => id !== `r${i}` && id !== "UNAVAILABLE")).toEqual([]);
    expect(ids[0]).toBe("r0");
    expect(await gateway.exited).toBe(0);
  });
});
