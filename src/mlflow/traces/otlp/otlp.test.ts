import { deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import { openProtocol, type Protocol } from "../../../../test/open-protocol.ts";
import { readSpans, readTrace } from "../../../tracking/traces/read-traces.ts";
import { otlpProto } from "./otlp-proto.ts";

const otelTraceId = "0af7651916cd43dd8448eb211c80319c";
const id = `tr-${otelTraceId}`;
const started = 1_700_000_000_123_456_789n;

const span = {
  traceId: otelTraceId,
  spanId: "b7ad6b7169203331",
  name: "root",
  kind: 2,
  startTimeUnixNano: String(started),
  endTimeUnixNano: String(started + 5_000_000n),
  attributes: [
    { key: "text", value: { stringValue: "" } },
    { key: "whole", value: { intValue: "9007199254740993" } },
    { key: "half", value: { doubleValue: 0.5 } },
    { key: "yes", value: { boolValue: true } },
    { key: "list", value: { arrayValue: { values: [{ intValue: "1" }, { stringValue: "b" }] } } },
    { key: "map", value: { kvlistValue: { values: [{ key: "deep", value: { stringValue: "c" } }] } } },
    { key: "packed", value: { stringValue: '{"a": 1}' } },
  ],
  events: [{ timeUnixNano: String(started + 1n), name: "e", attributes: [{ key: "n", value: { intValue: "1" } }] }],
  links: [{ traceId: otelTraceId, spanId: "00f067aa0ba902b7", attributes: [] }],
  status: { code: 2, message: "broken" },
};
const requestOf = (...spans: object[]) => ({ resourceSpans: [{ resource: { attributes: [{ key: "service.name", value: { stringValue: "mill" } }] }, scopeSpans: [{ scope: { name: "test" }, spans }] }] });

const type = protobuf.parse(otlpProto).root.lookupType("otlp.ExportTraceServiceRequest");
const bytes = (hex: string) => Buffer.from(hex, "hex");
const inProtobuf = (): Buffer => {
  const binary = { ...span, traceId: bytes(span.traceId), spanId: bytes(span.spanId), links: span.links.map((link) => ({ ...link, traceId: bytes(link.traceId), spanId: bytes(link.spanId) })) };
  return Buffer.from(type.encode(type.fromObject(requestOf(binary))).finish());
};

async function send({ server }: Protocol, payload: Buffer | string, headers: Readonly<Record<string, string>> = {}) {
  const answer = await server.inject({ method: "POST", url: "/v1/traces", headers: { "content-type": "application/json", "x-mlflow-experiment-id": "0", ...headers }, payload });
  return { status: answer.statusCode, type: answer.headers["content-type"], body: answer.body };
}

describe.each([
  ["protobuf", inProtobuf, { "content-type": "application/x-protobuf" }],
  ["JSON", () => Buffer.from(JSON.stringify(requestOf(span))), { "content-type": "application/json; charset=utf-8" }],
])("in %s", (_, make, headers) => {
  test.each<[string, (body: Buffer) => Buffer]>([
    ["", (body) => body],
    ["gzip", (body) => gzipSync(body)],
    ["deflate", (body) => deflateSync(body)],
    ["deflate", (body) => deflateRawSync(body)],
  ])("with encoding %j a span comes in as it is", async (encoding, pack) => {
    const protocol = await openProtocol();
    const answer = await send(protocol, pack(make()), { ...headers, ...(encoding === "" ? {} : { "content-encoding": encoding }) });
    expect(answer).toMatchObject({ status: 200, type: expect.stringContaining(headers["content-type"].split(";")[0]) });
    expect((await readSpans(protocol.house.db, [id])).get(id)).toEqual([
      {
        traceId: id,
        otelTraceId,
        id: "b7ad6b7169203331",
        parentId: null,
        name: "root",
        kind: 2,
        startedAt: started,
        endedAt: started + 5_000_000n,
        status: "error",
        statusMessage: "broken",
        attributes: { "mlflow.traceRequestId": id, "service.name": "mill", text: "", whole: 9007199254740993n, half: 0.5, yes: true, list: [1n, "b"], map: { deep: "c" }, packed: { a: 1n } },
        events: [{ name: "e", at: started + 1n, attributes: { n: 1n } }],
        links: [{ otelTraceId, spanId: "00f067aa0ba902b7", attributes: {} }],
        resource: { "service.name": "mill" },
      },
    ]);
    expect(await readTrace(protocol.house.db, id)).toMatchObject({ experimentId: "0", state: "error", duration: 5, tags: { "mlflow.traceName": "root" } });
  });
});

const nested = (depth: number): object => (depth === 0 ? { boolValue: true } : { arrayValue: { values: [nested(depth - 1)] } });

const good = JSON.stringify(requestOf(span));

test.each<[string, Buffer | string, Record<string, string>, number, string]>([
  ["another content type", good, { "content-type": "text/plain" }, 400, "Invalid Content-Type: text/plain"],
  ["no experiment", good, { "x-mlflow-experiment-id": "" }, 422, "x-mlflow-experiment-id is missing"],
  ["an experiment that is not there", good, { "x-mlflow-experiment-id": "77" }, 404, "No Experiment with id=77 exists"],
  ["an unknown encoding", good, { "content-encoding": "br" }, 415, "Unsupported Content-Encoding: br"],
  ["a body that is not what its encoding says", good, { "content-encoding": "gzip" }, 400, "Failed to decompress gzip payload"],
  ["a body that grows without bounds", gzipSync(Buffer.alloc(65 << 20)), { "content-encoding": "gzip" }, 413, "larger than 67108864 bytes"],
  ["broken JSON", "{", {}, 400, "Invalid OpenTelemetry format"],
  ["JSON that is no request", "[]", {}, 400, "no spans found"],
  ["no spans", '{"resourceSpans": []}', {}, 400, "no spans found"],
  ["broken protobuf", Buffer.from([10, 255, 1]), { "content-type": "application/x-protobuf" }, 400, "Invalid OpenTelemetry format"],
  ["a span without an id", JSON.stringify(requestOf({ ...span, spanId: "" })), {}, 422, "has no span id"],
  ["an id that is not hex", JSON.stringify(requestOf({ ...span, traceId: "zz" })), {}, 422, "not 16 bytes in hex"],
  ["a time that is none", JSON.stringify(requestOf({ ...span, startTimeUnixNano: "soon" })), {}, 422, "not a number of nanoseconds"],
  ["spans that are no list", JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: 5 }] }] }), {}, 422, "Cannot convert"],
  ["attributes a hundred levels deep", JSON.stringify(requestOf({ ...span, attributes: [{ key: "a", value: nested(101) }] })), {}, 422, "more than 100 levels"],
])("%s is refused", async (_, payload, headers, status, text) => {
  const protocol = await openProtocol();
  const answer = await send(protocol, payload, headers);
  expect([answer.status, JSON.parse(answer.body).message]).toEqual([status, expect.stringContaining(text)]);
});

test("a request with one bad span leaves nothing of the good ones, and others are not touched", async () => {
  const protocol = await openProtocol();
  const other = { ...span, traceId: "1".repeat(32) };
  const answers = await Promise.all([send(protocol, JSON.stringify(requestOf(span, { ...span, spanId: "x" }))), send(protocol, JSON.stringify(requestOf(other)))]);
  expect(answers.map((answer) => answer.status)).toEqual([422, 200]);
  await expect(readTrace(protocol.house.db, id)).rejects.toMatchObject({ status: 404 });
  expect(await readTrace(protocol.house.db, `tr-${"1".repeat(32)}`)).toMatchObject({ state: "error" });
});
