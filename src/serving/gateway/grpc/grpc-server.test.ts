import { once } from "node:events";
import { status } from "@grpc/grpc-js";
import { describe, expect, onTestFinished, test } from "vitest";
import { MillraceError } from "../../../errors.ts";
import { grpcClient } from "../fixtures/grpc-client.ts";
import type { ProtocolContext } from "../protocols/protocol.ts";
import { defineService, parseProto } from "./define-service.ts";
import { startGrpcServer } from "./grpc-server.ts";
import type { GrpcCall, GrpcService } from "./grpc-service.ts";
import { healthService } from "./health/health-service.ts";

const proto = `
syntax = "proto3";
package test;
message Text { string text = 1; bytes blob = 2; }
service Echo { rpc Say(Text) returns (Text); rpc Talk(stream Text) returns (stream Text); }
`;
type Text = { readonly text: string };

/** A server of one service, told what to do by the test. */
async function echo(say: (request: Text, call: GrpcCall) => unknown, maxMessageBytes = 1 << 20) {
  const service: GrpcService = {
    name: "test.Echo",
    definition: defineService(parseProto(proto), "test.Echo"),
    handlers: () => ({
      Say: say,
      async *Talk(requests: AsyncIterable<Text>) {
        for await (const { text } of requests) yield { text: text.toUpperCase() };
      },
    }),
  };
  const errors: unknown[] = [];
  const server = await startGrpcServer({
    services: [service],
    context: {} as ProtocolContext,
    host: "127.0.0.1",
    port: 0,
    maxMessageBytes,
    onError: (error) => errors.push(error),
  });
  onTestFinished(() => server.stop(0));
  return { server, errors, client: grpcClient(server.port, proto, "test.Echo") };
}

describe("gRPC server", () => {
  test.each([
    [400, status.INVALID_ARGUMENT],
    [401, status.UNAUTHENTICATED],
    [403, status.PERMISSION_DENIED],
    [404, status.NOT_FOUND],
    [409, status.ALREADY_EXISTS],
    [413, status.RESOURCE_EXHAUSTED],
    [429, status.RESOURCE_EXHAUSTED],
    [500, status.INTERNAL],
    [501, status.UNIMPLEMENTED],
    [503, status.UNAVAILABLE],
    [504, status.DEADLINE_EXCEEDED],
    [507, status.RESOURCE_EXHAUSTED],
  ])("a failure of HTTP status %i is one of gRPC's, with its sentence", async (http, code) => {
    const { client, errors } = await echo(() => {
      throw new MillraceError("test.failed", http, "It cannot be done.");
    });
    await expect(client.ask("Say", { text: "x" })).rejects.toMatchObject({ code, details: "It cannot be done." });
    expect(errors).toEqual([]);
  });

  test("a failure of our own is INTERNAL, tells clients nothing and the log all", async () => {
    const { client, errors } = await echo(() => {
      throw new TypeError("the secret is 42");
    });
    await expect(client.ask("Say", {})).rejects.toMatchObject({ code: status.INTERNAL, details: "The gateway failed to answer; its log says why." });
    expect(errors).toEqual([new TypeError("the secret is 42")]);
  });

  test("metadata and the deadline come with the call; without a deadline there is none", async () => {
    const { client } = await echo((_, { header, timeoutMs }) => ({ text: `${header("x-user")} ${header("nothing")} ${timeoutMs}` }));
    expect(await client.ask("Say", {}, { metadata: { "x-user": "ada" } })).toEqual({ text: "ada undefined undefined" });
    const { text } = await client.ask("Say", {}, { timeoutMs: 60_000 });
    expect(Number((text as string).split(" ").at(-1))).toBeGreaterThan(50_000);
    expect(Number((text as string).split(" ").at(-1))).toBeLessThanOrEqual(60_000);
  });

  test("the signal is aborted when the client's deadline has passed", async () => {
    const aborted = Promise.withResolvers<void>();
    const { client } = await echo(async (_, { signal }) => {
      await once(signal, "abort");
      aborted.resolve();
      return {};
    });
    await expect(client.ask("Say", {}, { timeoutMs: 50 })).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    await aborted.promise;
  });

  test("a message that is too large is refused, one that is no message too", async () => {
    const { client, server } = await echo(({ text }) => ({ text }), 10_000);
    await expect(client.ask("Say", { text: "x".repeat(20_000) })).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    const other = grpcClient(server.port, proto.replace("bytes blob = 2", "fixed64 text2 = 2").replace("string text = 1", "fixed32 text = 3; bytes wrong = 1"), "test.Echo");
    expect(await other.ask("Say", { text: 5 })).toEqual({});
    const broken = grpcClient(server.port, proto.replace("string text = 1; bytes blob = 2", "bytes text = 9999999"), "test.Echo");
    expect(await broken.ask("Say", { text: Buffer.from("unknown fields are skipped") })).toEqual({});
  });

  test("large messages go through, and answers have no limit", async () => {
    const { client } = await echo(({ text }) => ({ text: text + text }), 32 << 20);
    const { text } = await client.ask("Say", { text: "x".repeat(10 << 20) });
    expect(text).toHaveLength(20 << 20);
  });

  test("a stop answers what came in and ends streams that stay open", async () => {
    const asked = Promise.withResolvers<void>();
    const go = Promise.withResolvers<void>();
    const { client, server } = await echo(async ({ text }) => {
      asked.resolve();
      await go.promise;
      return { text };
    });
    const stream = client.open("Talk");
    const ended = new Promise((resolve) => stream.once("error", resolve));
    stream.write({ text: "hello" });
    expect(await once(stream, "data")).toEqual([{ text: "HELLO" }]);
    const answer = client.ask("Say", { text: "late" });
    await asked.promise;
    const stopped = server.stop(60);
    expect(await ended).toMatchObject({ code: status.UNAVAILABLE, details: "The gateway is stopping." });
    go.resolve();
    expect(await answer).toEqual({ text: "late" });
    await stopped;
    await expect(client.ask("Say", { text: "too late" }, { timeoutMs: 5000 })).rejects.toMatchObject({ code: status.UNAVAILABLE });
  });

  test("a call that never ends is cut after the time allowed", async () => {
    const asked = Promise.withResolvers<void>();
    const { client, server } = await echo(() => {
      asked.resolve();
      return new Promise(() => undefined);
    });
    const cut = client.ask("Say", {}).catch((error: unknown) => error);
    await asked.promise;
    await server.stop(0.01);
    expect(await cut).toMatchObject({ code: expect.any(Number) });
  });
});

describe("health service", () => {
  const health = `
    syntax = "proto3";
    package grpc.health.v1;
    message Request { string service = 1; }
    message Response { enum Status { UNKNOWN = 0; SERVING = 1; NOT_SERVING = 2; SERVICE_UNKNOWN = 3; } Status status = 1; }
    service Health { rpc Check(Request) returns (Response); rpc Watch(Request) returns (stream Response); }
  `;

  test("checks and watches follow readiness", async () => {
    let ready = true;
    const server = await startGrpcServer({
      services: [healthService(() => ["a.Service"])],
      context: { ready: () => ready } as ProtocolContext,
      host: "127.0.0.1",
      port: 0,
      maxMessageBytes: 1000,
      onError: () => undefined,
    });
    onTestFinished(() => server.stop(0));
    const client = grpcClient(server.port, health, "grpc.health.v1.Health");
    expect(await client.ask("Check")).toEqual({ status: "SERVING" });
    expect(await client.ask("Check", { service: "a.Service" })).toEqual({ status: "SERVING" });
    await expect(client.ask("Check", { service: "b" })).rejects.toMatchObject({ code: status.NOT_FOUND, details: /there is: a.Service/ });
    const watched = client.watch("Watch", {});
    expect(await once(watched, "data")).toEqual([{ status: "SERVING" }]);
    const changed = once(watched, "data");
    ready = false;
    expect(await changed).toEqual([{ status: "NOT_SERVING" }]);
    const [unknown] = (await once(client.watch("Watch", { service: "b" }), "data")) as unknown[];
    expect(unknown).toEqual({ status: "SERVICE_UNKNOWN" });
  });
});
