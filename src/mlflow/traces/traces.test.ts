import { describe, expect, test } from "vitest";
import { openProtocol, startRun, type Answer, type Protocol } from "../../../test/open-protocol.ts";
import { makeSpan, traceId } from "../../tracking/traces/fixtures/make-span.ts";
import { logSpans } from "../../tracking/traces/log-spans.ts";

const [v2, v3] = ["/api/2.0/mlflow/traces", "/api/3.0/mlflow/traces"];
const id = traceId(1);

const send = async ({ server }: Protocol, method: "PATCH" | "DELETE", url: string, body: unknown): Promise<{ status: number; body: Answer }> => {
  const answer = await server.inject({ method, url, headers: { "content-type": "application/json" }, payload: JSON.stringify(body) });
  return { status: answer.statusCode, body: JSON.parse(answer.body) };
};

const info = {
  trace_id: id,
  client_request_id: "c-1",
  trace_location: { type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: "0" } },
  request_preview: "asked",
  response_preview: "answered",
  request_time: "2026-01-02T03:04:05.678901Z",
  execution_duration: "1.5s",
  state: "OK",
  trace_metadata: { m: "1" },
  tags: { t: "1" },
};

test("a trace of version 3 is begun, read, tagged and deleted", async () => {
  const protocol = await openProtocol();
  const { post, get } = protocol;
  const expected = { ...info, request_time: "2026-01-02T03:04:05.678Z", tags: { t: "1", "mlflow.artifactLocation": `mlflow-artifacts:/0/traces/${id}/artifacts` } };
  expect(await post(v3, { trace: { trace_info: info } })).toEqual({ status: 200, body: { trace: { trace_info: expected } } });
  expect((await get(`${v3}/${id}`)).body).toEqual({ trace: { trace_info: expected } });
  expect((await post(`${v3}/batchGetInfos`, { trace_ids: ["tr-none", id] })).body).toEqual({ trace_infos: [expected] });
  expect(await send(protocol, "PATCH", `${v2}/${id}/tags`, { key: "u", value: "2" })).toEqual({ status: 200, body: {} });
  expect(await send(protocol, "DELETE", `${v3}/${id}/tags`, { key: "t" })).toEqual({ status: 200, body: {} });
  expect(await send(protocol, "DELETE", `${v3}/${id}/tags`, { key: "t" })).toMatchObject({ status: 404, body: { error_code: "RESOURCE_DOES_NOT_EXIST" } });
  expect((await get(`${v3}/${id}`)).body.trace.trace_info.tags).toMatchObject({ u: "2" });
  expect((await post(`${v2}/delete-traces`, { experiment_id: "0", request_ids: [id] })).body).toEqual({ traces_deleted: 1 });
  expect(await get(`${v3}/${id}`)).toMatchObject({ status: 404, body: { error_code: "RESOURCE_DOES_NOT_EXIST", message: `Trace with ID '${id}' not found.` } });
});

test("a trace of version 2 is begun, ended and found", async () => {
  const protocol = await openProtocol();
  const begun = (await protocol.post(v2, { experiment_id: "0", timestamp_ms: 1000, request_metadata: [{ key: "m", value: "1" }], tags: [{ key: "t", value: "1" }] })).body.trace_info;
  expect(begun).toMatchObject({ experiment_id: "0", timestamp_ms: 1000, execution_time_ms: 0, status: "IN_PROGRESS", request_metadata: [{ key: "m", value: "1" }] });
  const ended = await send(protocol, "PATCH", `${v2}/${begun.request_id}`, { request_id: begun.request_id, timestamp_ms: 3000, status: "OK", request_metadata: [{ key: "m", value: "2" }], tags: [] });
  expect(ended.body.trace_info).toMatchObject({ execution_time_ms: 2000, status: "OK", request_metadata: [{ key: "m", value: "2" }] });
  expect((await protocol.get(`${v2}/${begun.request_id}/info`)).body).toEqual(ended.body);
  expect((await protocol.get(`${v2}?experiment_ids=0&filter=status%3D'OK'`)).body).toEqual({ traces: [ended.body.trace_info] });
});

test("spans come back in protobuf's JSON, their nanoseconds whole", async () => {
  const { house, server, get } = await openProtocol();
  const attributes = { text: "a", whole: 9007199254740993n, half: 0.5, five: 5, yes: true, list: [1n, "b"], map: { deep: null }, nothing: [] };
  const events = [{ name: "e", at: 1_700_000_000_123_456_789n, attributes: { n: 1n } }];
  await logSpans(house.db, "0", [{ ...makeSpan(1, 0), startedAt: 1_700_000_000_123_456_789n, endedAt: 1_700_000_001_000_000_001n, statusMessage: "well", kind: 2, attributes, events }, makeSpan(1, 1, { from: 1_700_000_000_500, to: null, status: "unset" })]);
  const text = (await server.inject(`${v3}/get?trace_id=${id}&allow_partial=true`)).body;
  expect(text).toContain('"start_time_unix_nano":1700000000123456789');
  expect(text).toContain('{"key":"whole","value":{"int_value":9007199254740993}}');
  const [root, child] = JSON.parse(text).trace.spans;
  expect(root).toMatchObject({ trace_id: "AAAAAAAAAAAAAAAAAAAAAQ==", span_id: "AAAAAAAAAAE=", kind: "SPAN_KIND_SERVER", status: { code: "STATUS_CODE_OK", message: "well" } });
  const value = (key: string) => root.attributes.find((one: { key: string }) => one.key === key).value;
  expect(["text", "half", "five", "yes", "list", "map", "nothing"].map(value)).toEqual([
    { string_value: "a" },
    { double_value: 0.5 },
    { double_value: 5 },
    { bool_value: true },
    { array_value: { values: [{ int_value: 1 }, { string_value: "b" }] } },
    { kvlist_value: { values: [{ key: "deep", value: {} }] } },
    { array_value: {} },
  ]);
  expect(child).toMatchObject({ parent_span_id: "AAAAAAAAAAE=", status: { code: "STATUS_CODE_UNSET" } });
  expect(child).not.toHaveProperty("end_time_unix_nano");
  expect((await get(`${v3}/batchGet?trace_ids=${id}&trace_ids=tr-none`)).body.traces).toHaveLength(1);
  const file = await server.inject(`/ajax-api/2.0/mlflow/get-trace-artifact?request_id=${id}`);
  expect(file.headers["content-disposition"]).toBe("attachment; filename=traces.json");
  expect(file.body).toContain('"end_time_unix_nano":1700000001000000001');
  expect(JSON.parse(file.body).spans[0].attributes).toMatchObject({ text: '"a"', five: "5.0", list: '[1,"b"]' });
});

test("a trace of which spans are missing is given only to who asks for a part", async () => {
  const { house, post, get } = await openProtocol();
  await post(v3, { trace: { trace_info: { ...info, trace_metadata: { "mlflow.trace.sizeStats": '{"num_spans": 2}' } } } });
  await logSpans(house.db, "0", [makeSpan(1, 0)]);
  expect(await get(`${v3}/get?trace_id=${id}`)).toMatchObject({ status: 404, body: { message: expect.stringContaining("not fully exported yet") } });
  expect((await get(`${v3}/batchGet?trace_ids=${id}`)).body).toEqual({});
  expect((await get(`${v3}/get?trace_id=${id}&allow_partial=true`)).body.trace.spans).toHaveLength(1);
  await logSpans(house.db, "0", [makeSpan(1, 1)]);
  expect((await get(`${v3}/get?trace_id=${id}`)).body.trace.spans).toHaveLength(2);
});

test("files that clients store with a trace are its artifacts", async () => {
  const { server, post } = await openProtocol();
  await post(v3, { trace: { trace_info: info } });
  await server.inject({ method: "PUT", url: `/api/2.0/mlflow-artifacts/artifacts/0/traces/${id}/artifacts/traces.json`, payload: '{"spans": []}' });
  expect((await server.inject(`/ajax-api/3.0/mlflow/get-trace-artifact?request_id=${id}`)).body).toBe('{"spans": []}');
  expect((await server.inject(`/ajax-api/3.0/mlflow/get-trace-artifact?request_id=${id}&path=../x`)).statusCode).toBe(400);
});

describe("assessments", () => {
  const feedback = { assessment_name: "quality", feedback: { value: { stars: 4, said: [], nothing: null } }, source: { source_type: "HUMAN", source_id: "me" }, rationale: "fine", metadata: { a: "1" } };

  test("feedback is created, read, updated and deleted; its value stays as it was sent", async () => {
    const protocol = await openProtocol();
    await logSpans(protocol.house.db, "0", [makeSpan(1, 0)]);
    const { body } = await protocol.post(`${v3}/${id}/assessments`, { assessment: { ...feedback, trace_id: id } });
    const { assessment_id: assessmentId } = body.assessment;
    expect(body.assessment).toEqual({ ...feedback, assessment_id: assessmentId, trace_id: id, valid: true, create_time: "1970-01-01T00:00:01.000Z", last_update_time: "1970-01-01T00:00:01.000Z" });
    expect(assessmentId).toMatch(/^a-[0-9a-f]{32}$/);
    expect((await protocol.get(`${v3}/${id}`)).body.trace.trace_info.assessments).toEqual([body.assessment]);
    protocol.clock.advanceTo(2000);
    const updated = await send(protocol, "PATCH", `${v3}/${id}/assessments/${assessmentId}`, { assessment: { feedback: { value: false }, rationale: "ignored", metadata: { b: "2" } }, update_mask: "feedback,metadata" });
    expect(updated.body.assessment).toMatchObject({ feedback: { value: false }, rationale: "fine", metadata: { a: "1", b: "2" }, last_update_time: "1970-01-01T00:00:02.000Z" });
    expect(await send(protocol, "DELETE", `${v3}/${id}/assessments/${assessmentId}`, {})).toEqual({ status: 200, body: {} });
    expect(await protocol.get(`${v3}/${id}/assessments/${assessmentId}`)).toMatchObject({ status: 404, body: { error_code: "RESOURCE_DOES_NOT_EXIST" } });
  });

  test("expectations: what is a structure goes out as text", async () => {
    const { house, post } = await openProtocol();
    await logSpans(house.db, "0", [makeSpan(1, 0)]);
    const create = async (expectation: object) => (await post(`${v3}/${id}/assessments`, { assessment: { assessment_name: "e", expectation } })).body.assessment;
    expect(await create({ value: 5 })).toMatchObject({ expectation: { value: 5 }, source: { source_type: "CODE" } });
    const serialized = { serialization_format: "JSON_FORMAT", value: '{"a":[1]}' };
    expect((await create({ serialized_value: serialized })).expectation).toEqual({ serialized_value: serialized });
    expect((await create({ value: { a: [1] } })).expectation).toEqual({ serialized_value: serialized });
  });

  test.each<[string, object, number, string]>([
    ["no value", { assessment_name: "a" }, 400, "Unknown assessment type"],
    ["two values", { assessment_name: "a", feedback: { value: 1 }, expectation: { value: 1 } }, 400, "Exactly one"],
    ["no name", { feedback: { value: 1 } }, 400, "Missing value for required parameter 'assessment.assessment_name'"],
    ["a broken text", { assessment_name: "a", expectation: { serialized_value: { value: "{" } } }, 400, "is not JSON"],
    ["an override of nothing", { assessment_name: "a", feedback: { value: 1 }, overrides: "a-9" }, 404, "Assessment with ID 'a-9' not found"],
  ])("%s is refused", async (_, assessment, status, text) => {
    const { house, post } = await openProtocol();
    await logSpans(house.db, "0", [makeSpan(1, 0)]);
    const answer = await post(`${v3}/${id}/assessments`, { assessment });
    expect([answer.status, answer.body.message]).toEqual([status, expect.stringContaining(text)]);
  });
});

test.each<[string, object, string]>([
  ["nothing", {}, "Either `max_timestamp_millis` or `trace_ids` must be specified."],
  ["both", { max_timestamp_millis: 1, request_ids: ["a"] }, "Only one of"],
  ["a number with ids", { max_traces: 1, request_ids: ["a"] }, "can't be specified"],
  ["none", { max_timestamp_millis: 1, max_traces: 0 }, "must be a positive integer"],
])("deleting %s is refused", async (_, request, text) => {
  const { post } = await openProtocol();
  const answer = await post(`${v3}/delete-traces`, { experiment_id: "0", ...request });
  expect([answer.status, answer.body.message]).toEqual([400, expect.stringContaining(text)]);
});

test("aggregates by name and by time, with filters", async () => {
  const { house, post } = await openProtocol();
  for (const [number, name] of ["a", "b", "a"].entries()) await logSpans(house.db, "0", [makeSpan(number, 0, { name, from: number * 1000, to: number * 1000 + 10 * (number + 1) })]);
  const query = async (request: object) => (await post(`${v3}/metrics`, { experiment_ids: ["0"], view_type: 1, aggregations: [{ aggregation_type: 1 }], metric_name: "trace_count", ...request })).body;
  expect(await query({ dimensions: ["trace_name"] })).toEqual({
    data_points: [
      { metric_name: "trace_count", dimensions: { trace_name: "a" }, values: { COUNT: 2 } },
      { metric_name: "trace_count", dimensions: { trace_name: "b" }, values: { COUNT: 1 } },
    ],
  });
  expect(await query({ metric_name: "latency", aggregations: [{ aggregation_type: "PERCENTILE", percentile_value: 50 }, { aggregation_type: "AVG" }], filters: ["trace.tag.`mlflow.traceName` = 'a'", "trace.status = 'OK'"] })).toEqual({
    data_points: [{ metric_name: "latency", dimensions: {}, values: { "P50.0": 20, AVG: 20 } }],
  });
  expect((await query({ time_interval_seconds: 2, start_time_ms: 0, end_time_ms: 5000 })).data_points.map((point: { dimensions: object }) => point.dimensions)).toEqual([{ time_bucket: "1970-01-01T00:00:00+00:00" }, { time_bucket: "1970-01-01T00:00:02+00:00" }]);
  expect(await query({ filters: ["span.name = 'a'"] })).toMatchObject({ error_code: "INVALID_PARAMETER_VALUE", message: expect.stringContaining("only supported for SPANS") });
  for (const [filter, text] of [
    ["status = 'OK'", "Invalid identifier 'status'"],
    ["model.name = 'a'", "Invalid view type 'model'"],
    ["trace.length = 'a'", "Invalid entity 'length' specified for view type 'trace'"],
    ["trace.status.x = 'a'", "does not require a key, use 'trace.status' instead"],
    ["trace.tag = 'a'", "requires a key"],
    ["trace.status = 'a' AND trace.status = 'b'", "Expected one filter clause"],
  ]) {
    expect([filter, await query({ filters: [filter] })]).toEqual([filter, { error_code: "INVALID_PARAMETER_VALUE", message: expect.stringContaining(text) }]);
  }
  expect(await query({ time_interval_seconds: 2 })).toMatchObject({ error_code: "INVALID_PARAMETER_VALUE" });
});

test("traces are linked to a run, also before they come", async () => {
  const protocol = await openProtocol();
  const run = await startRun(protocol);
  await logSpans(protocol.house.db, "0", [makeSpan(1, 0)]);
  expect(await protocol.post(`${v2}/link-to-run`, { trace_ids: [id, traceId(2)], run_id: run })).toEqual({ status: 200, body: {} });
  expect(await protocol.post(`${v2}/link-to-run`, { trace_ids: [id], run_id: "none" })).toMatchObject({ status: 404 });
  expect(await protocol.post(`${v2}/link-to-run`, { trace_ids: Array.from({ length: 101 }, (_, at) => `${at}`), run_id: run })).toMatchObject({ status: 400 });
  await logSpans(protocol.house.db, "0", [makeSpan(2, 0), makeSpan(3, 0)]);
  const found = await protocol.post(`${v3}/search`, { locations: [{ mlflow_experiment: { experiment_id: "0" } }], filter: `run_id = '${run}'` });
  expect(found.body.traces.map((trace: { trace_id: string }) => trace.trace_id)).toEqual([id, traceId(2)]);
});
