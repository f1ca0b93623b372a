import { connect as connectHttp2 } from "node:http2";
import type { IncomingHttpHeaders } from "node:http2";
import { connect } from "node:net";
import { gzipSync } from "node:zlib";
import { status } from "@grpc/grpc-js";
import { expect, onTestFinished, test } from "vitest";
import { parseProto } from "../grpc/define-service.ts";
import { inferenceProto } from "../grpc/open-inference/infer-proto.ts";
import { bodyMib, startTarget } from "./target.ts";

/* What is no gRPC, or nearly, and messages that lie: each ends with a code and a sentence, or the connection is closed; the gateway goes on. */

const request = parseProto(inferenceProto).lookupType("inference.ModelInferRequest");
const encode = (message: object): Buffer => Buffer.from(request.encode(request.fromObject(message)).finish());
const sixteen = Array.from({ length: 16 }, (_, at) => at);
const input = (name: string, more: object = {}) => ({ name, datatype: "INT32", shape: [1, 16], contents: { int_contents: sixteen }, ...more });
const first = (more: object, whole: object = {}): Buffer => encode({ model_name: "simple", inputs: [input("INPUT0", more), input("INPUT1")], ...whole });
const raw = (shape: number[], bytes: Buffer): Buffer => encode({ model_name: "simple", inputs: [input("INPUT0", { shape, contents: null }), input("INPUT1", { contents: null })], raw_input_contents: [bytes, Buffer.alloc(64)] });

/** A message with its header: whether it is compressed, its length. */
function frame(message: Uint8Array, compressed = 0, length = message.length): Buffer {
  const head = Buffer.alloc(5);
  head[0] = compressed;
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

const most = 2 ** 53 - 1;
const good = first({});
const { INVALID_ARGUMENT, NOT_FOUND, RESOURCE_EXHAUSTED, UNIMPLEMENTED, INTERNAL, CANCELLED } = status;

const calls: readonly [what: string, body: Buffer, codes: number | readonly number[], said: RegExp, headers?: Record<string, string>][] = [
  ["no message", Buffer.alloc(0), [INVALID_ARGUMENT, INTERNAL, UNIMPLEMENTED, NOT_FOUND], /./],
  ["an empty message", frame(Buffer.alloc(0)), [INVALID_ARGUMENT, NOT_FOUND], /./],
  ["a frame that is cut off", frame(good).subarray(0, -9), [INTERNAL, INVALID_ARGUMENT, UNIMPLEMENTED, CANCELLED], /./],
  ["a frame of 4 GB that is not there", frame(good, 0, 2 ** 32 - 1), RESOURCE_EXHAUSTED, /larger|max/],
  ["a message over the limit", frame(Buffer.alloc((bodyMib << 20) + 1)), RESOURCE_EXHAUSTED, /larger|max/],
  ["two messages for one call", Buffer.concat([frame(good), frame(good)]), [INTERNAL, INVALID_ARGUMENT, UNIMPLEMENTED], /./],
  ["compressed, without saying how", frame(gzipSync(good), 1), [INTERNAL, INVALID_ARGUMENT], /./],
  ["a coding that is not taken", frame(good, 1), UNIMPLEMENTED, /./, { "grpc-encoding": "br" }],
  ["gzip that is none", frame(good, 1), [INTERNAL, INVALID_ARGUMENT], /./, { "grpc-encoding": "gzip" }],
  ["a small message that unpacks to 400 MiB", frame(gzipSync(Buffer.alloc(400 << 20)), 1), RESOURCE_EXHAUSTED, /larger|max/, { "grpc-encoding": "gzip" }],
  ["rubbish", frame(Buffer.from("rubbish, rubbish, rubbish")), INVALID_ARGUMENT, /not what .*ModelInfer takes/],
  ["a message that is cut off", frame(good.subarray(0, -9)), INVALID_ARGUMENT, /not what .*ModelInfer takes/],
  ["a length that leads beyond the message", frame(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])), INVALID_ARGUMENT, /not what/],
  ["groups 100 000 deep", frame(Buffer.alloc(100_000, 0x7b)), INVALID_ARGUMENT, /not what/],
  ["a varint without an end", frame(Buffer.alloc(64, 0xff)), INVALID_ARGUMENT, /not what/],
  ["a model that is not there", frame(encode({ model_name: "boats" })), [INVALID_ARGUMENT, NOT_FOUND], /boats|at least one tensor/],
  ["a model name of a megabyte", frame(encode({ model_name: "b".repeat(1 << 20), inputs: [input("INPUT0")] })), NOT_FOUND, /unknown model/],
  ["a version of a megabyte", frame(first({}, { model_version: "9".repeat(1 << 20) })), NOT_FOUND, /version/],
  ["an id of a megabyte", frame(first({}, { id: "i".repeat(1 << 20) })), INVALID_ARGUMENT, /"id" must be/],
  ["an input name of a megabyte with NUL bytes", frame(first({ name: "\0".repeat(1 << 20) })), INVALID_ARGUMENT, /no input/],
  ["an input name of a megabyte of emoji", frame(first({ name: "🌊".repeat(1 << 18) })), INVALID_ARGUMENT, /no input/],
  ["an input twice", frame(first({ name: "INPUT1" })), INVALID_ARGUMENT, /"INPUT1"\) is there twice/],
  ["an output twice", frame(first({}, { outputs: [{ name: "OUTPUT0" }, { name: "OUTPUT0" }] })), INVALID_ARGUMENT, /there twice/],
  ["100 000 outputs", frame(first({}, { outputs: Array.from({ length: 100_000 }, (_, at) => ({ name: `o${at}` })) })), INVALID_ARGUMENT, /no output/],
  ["an unknown datatype", frame(first({ datatype: "__proto__" })), INVALID_ARGUMENT, /datatype "__proto__" must be/],
  ["a negative dimension", frame(first({ shape: [-1, -16] })), INVALID_ARGUMENT, /dimension -1/],
  ["a product that overflows", frame(first({ shape: [most, most] })), INVALID_ARGUMENT, /more elements than can be counted/],
  ["a huge shape, small contents", frame(first({ shape: [2 ** 40] })), INVALID_ARGUMENT, /asks for 1099511627776 elements/],
  ["a huge shape, no contents", frame(first({ shape: [2 ** 40], contents: null })), INVALID_ARGUMENT, /asks for 1099511627776 elements/],
  ["a huge shape, small raw contents", frame(raw([2 ** 40], Buffer.alloc(64))), INVALID_ARGUMENT, /take 4398046511104 bytes/],
  ["100 000 dimensions", frame(first({ shape: Array.from({ length: 100_000 }, () => 1) })), INVALID_ARGUMENT, /dimensions/],
  ["raw contents a byte short", frame(raw([1, 16], Buffer.alloc(63))), INVALID_ARGUMENT, /take 64 bytes/],
  ["both kinds of contents", frame(first({}, { raw_input_contents: [Buffer.alloc(64), Buffer.alloc(64)] })), INVALID_ARGUMENT, /must not be specified/],
  ["raw contents for one input of two", frame(first({}, { raw_input_contents: [Buffer.alloc(64)] })), INVALID_ARGUMENT, /1 elements for 2 inputs/],
  ["contents of another type", frame(first({ contents: { fp32_contents: sixteen } })), INVALID_ARGUMENT, /not in fp32_contents/],
  ["a million parameters", frame(first({}, { parameters: Object.fromEntries(Array.from({ length: 100_000 }, (_, at) => [`p${at}`, { bool_param: true }])), inputs: [] })), INVALID_ARGUMENT, /at least one/],
  ["a deadline that is none", frame(first({ shape: [-1] })), [INVALID_ARGUMENT, INTERNAL, status.OUT_OF_RANGE], /./, { "grpc-timeout": "99999999999H" }],
];

test("messages that lie, frames that are none", async () => {
  const target = await startTarget();
  const session = connectHttp2(`http://127.0.0.1:${target.address.grpcPort}`);
  onTestFinished(() => session.destroy());
  const ask = (body: Buffer, headers: Record<string, string>) =>
    new Promise<{ code: number; said: string }>((resolve, reject) => {
      const stream = session.request({ ":method": "POST", ":path": "/inference.GRPCInferenceService/ModelInfer", "content-type": "application/grpc", te: "trailers", ...headers });
      const read = (got: IncomingHttpHeaders) => {
        if (got["grpc-status"] !== undefined) resolve({ code: Number(got["grpc-status"]), said: decodeURIComponent(got["grpc-message"]?.toString() ?? "") });
      };
      stream.on("response", read).on("trailers", read).on("error", reject);
      stream.on("close", () => reject(new Error(`closed with ${stream.rstCode}`)));
      stream.resume().end(body);
    });
  expect(await ask(frame(good), {})).toEqual({ code: status.OK, said: "OK" });
  for (const [what, body, codes, said, headers = {}] of calls) {
    const begun = performance.now();
    const answer = await ask(body, headers).catch((error: Error) => ({ code: -1, said: error.message }));
    expect({ what, ...answer, soon: performance.now() - begun < 1500 }).toEqual({ what, code: expect.toBeOneOf([codes].flat()), said: expect.stringMatching(said), soon: true });
  }
  await target.unmoved();
  expect(await ask(frame(good), {})).toEqual({ code: status.OK, said: "OK" });
});

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);

test("connections that are no HTTP/2", async () => {
  const target = await startTarget();
  const { grpcPort } = target.address;
  const rubbish: readonly Uint8Array[] = [
    Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
    Buffer.alloc(1000),
    preface.subarray(0, 10),
    Buffer.concat([preface, Buffer.alloc(1 << 16, 0xff)]),
    Buffer.concat([preface, settings, Buffer.from([0xff, 0xff, 0xff, 0, 0, 0, 0, 0, 1])]), // DATA of 16 MB on a stream that is not there
    Buffer.concat([preface, settings, Buffer.from([0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0])]), // WINDOW_UPDATE of 0
    Buffer.concat([preface, settings, ...Array.from({ length: 5000 }, () => Buffer.from([0, 0, 1, 9, 0, 0, 0, 0, 1, 0]))]), // CONTINUATION of nothing
    Buffer.concat([preface, ...Array.from({ length: 20_000 }, () => settings)]),
    Buffer.concat([preface, settings, ...Array.from({ length: 20_000 }, () => Buffer.from([0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]))]), // PING
  ];
  for (const bytes of rubbish) {
    await new Promise<void>((resolve) => {
      const socket = connect({ port: grpcPort!, host: "127.0.0.1" });
      socket.on("error", () => undefined).on("close", () => resolve());
      socket.resume().end(bytes);
    });
  }
  await target.unmoved();
  expect(target.child.exitCode).toBeNull();
});

test("calls that are given up as soon as they are made (rapid reset)", async () => {
  const target = await startTarget();
  const session = connectHttp2(`http://127.0.0.1:${target.address.grpcPort}`);
  session.on("error", () => undefined);
  onTestFinished(() => session.destroy());
  for (let round = 0; round < 50 && !session.destroyed; round++) {
    const streams = Array.from({ length: 100 }, () => session.request({ ":method": "POST", ":path": "/inference.GRPCInferenceService/ModelInfer", "content-type": "application/grpc", te: "trailers" }));
    await Promise.all(
      streams.map(
        (stream) =>
          new Promise<void>((resolve) => {
            stream.on("error", () => undefined).on("close", () => resolve());
            stream.write(frame(good));
            stream.close(8);
          }),
      ),
    );
  }
  await target.unmoved();
  expect(target.child.exitCode).toBeNull();
});
