import { expect, test } from "vitest";
import { openProtocol, startRun, type Protocol } from "../../../test/open-protocol.ts";
import { makeSpan, traceId } from "../../tracking/traces/fixtures/make-span.ts";
import { logSpans } from "../../tracking/traces/log-spans.ts";

const v3 = "/api/3.0/mlflow/traces";

/** Traces `a`, `b`, `c` and `d`, begun in this order. */
async function openTraces(): Promise<Protocol> {
  const protocol = await openProtocol();
  const { house, post } = protocol;
  await startRun(protocol);
  await logSpans(house.db, "0", [
    makeSpan(1, 0, { name: "a", from: 1000, to: 1010, attributes: { "session.id": "s" } }),
    makeSpan(1, 1, { from: 1000, to: 1005, name: "llm.call", status: "error", attributes: { "mlflow.spanType": "LLM", model: "gpt-4", "a.b": 0.7, "x y": "v" } }),
    makeSpan(1, 2, { from: 1005, to: 1010, name: "tool", attributes: { "mlflow.spanType": "TOOL", n: 5, fine: true } }),
  ]);
  await logSpans(house.db, "0", [makeSpan(2, 0, { name: "b", from: 2000, to: 2500, status: "error", attributes: { "session.id": "s", said: "what's 90% of it?" } })]);
  await logSpans(house.db, "0", [makeSpan(3, 0, { name: "c", from: 3000, to: null }), makeSpan(3, 1, { from: 3000, to: 3001, name: "llm.call", attributes: { "mlflow.spanType": "LLM", model: "small" } })]);
  await logSpans(house.db, "0", [makeSpan(4, 0, { name: "d", from: 4000, to: 4100 })]);
  const tag = async (trace: number, key: string, value: string) =>
    protocol.server.inject({ method: "PATCH", url: `${v3}/${traceId(trace)}/tags`, headers: { "content-type": "application/json" }, payload: JSON.stringify({ key, value }) });
  await tag(1, "env", "prod-us");
  await tag(2, "env", "prod-eu");
  await tag(3, "env", "dev");
  await tag(3, "long", `${"x".repeat(300)}1`);
  const assess = async (trace: number, assessment: object) => expect((await post(`${v3}/${traceId(trace)}/assessments`, { assessment })).status).toBe(200);
  await assess(1, { assessment_name: "fine", feedback: { value: true } });
  await assess(2, { assessment_name: "fine", feedback: { value: "no" } });
  await assess(4, { assessment_name: "fine", feedback: { value: "it is good" } });
  await assess(3, { assessment_name: "words", expectation: { value: 150 } });
  await assess(1, { assessment_name: "of session", feedback: { value: "yes" }, metadata: { "mlflow.trace.session": "s" } });
  await assess(4, { assessment_name: "i-1", issue: { issue_name: "i-1" } });
  await post(`${v3}/link-prompts`, { trace_id: traceId(4), prompt_versions: [{ name: "greet", version: "2" }] });
  return protocol;
}

const search = async ({ post }: Protocol, request: object) => post(`${v3}/search`, { locations: [{ type: "MLFLOW_EXPERIMENT", mlflow_experiment: { experiment_id: "0" } }], ...request });

const names = async (protocol: Protocol, filter: string, order_by = ["timestamp ASC"]): Promise<string> => {
  const { status, body } = await search(protocol, { filter, order_by });
  expect([status, body.message]).toEqual([200, undefined]);
  return (body.traces ?? []).map((trace: { tags: Record<string, string> }) => trace.tags["mlflow.traceName"]).join("");
};

test("a search finds the traces of which its filter is true", async () => {
  const protocol = await openTraces();
  const run = (await protocol.post("runs/search", { experiment_ids: ["0"] })).body.runs[0].info.run_id;
  await protocol.post("traces/link-to-run", { trace_ids: [traceId(2)], run_id: run });
  const cases: [string, string][] = [
    ["", "abcd"],
    ["status = 'OK'", "ad"],
    ["trace.status IN ('ERROR', 'IN_PROGRESS')", "bc"],
    ["attributes.name = 'b'", "b"],
    ["trace.name LIKE 'B'", ""],
    ["trace.name ILIKE 'B'", "b"],
    ["name NOT IN ('a', 'd')", "bc"],
    [`request_id = '${traceId(4)}'`, "d"],
    ["timestamp_ms > 1000 AND timestamp < 4000", "bc"],
    ["execution_time_ms >= 100", "bd"],
    ["end_time_ms <= 2500", "ab"],
    ["execution_time IS NULL", ""],
    ["tag.env = 'prod-us'", "a"],
    ["tags.env != 'dev'", "ab"],
    ["tags.env IS NULL", "d"],
    ["tags.env RLIKE '^prod-(us|xx)$'", "a"],
    [`tags.long = '${"x".repeat(300)}1'`, "c"],
    [`tags.long = '${"x".repeat(300)}2'`, ""],
    ["metadata.`mlflow.trace.session` = 's'", "ab"],
    ["request_metadata.`mlflow.trace.session` IS NULL", "cd"],
    [`run_id = '${run}'`, "b"],
    [`metadata.mlflow.sourceRun = '${run}'`, "b"],
    ["run_id IS NOT NULL", "b"],
    ["run_id IS NULL", "acd"],
    ["prompt = 'greet/2'", "d"],
    ["prompt = 'greet/1'", ""],
    ["span.name = 'llm.call'", "ac"],
    ["span.type IN ('TOOL')", "a"],
    ["span.type = 'LLM' AND span.status = 'ERROR'", "a"],
    ["span.type = 'TOOL' AND span.status = 'ERROR'", ""],
    ["span.type = 'TOOL' AND (span.status = 'ERROR' AND span.name = 'llm.call')", "a"],
    ["span.name RLIKE '^llm\\.' AND span.attributes.model = 'small'", "c"],
    ["span.attributes.model LIKE 'gpt%'", "a"],
    ["span.attributes.a.b = '0.7'", "a"],
    ["span.attributes.`x y` = 'v'", "a"],
    ["span.attributes.fine = 'true'", "a"],
    ["span.attributes.none != 'x'", ""],
    ["span.content LIKE '%gpt-4%'", "a"],
    ["trace.text LIKE '%tool%'", "a"],
    ["trace.text LIKE \"%what's 90% of it?%\"", "b"],
    ["feedback.fine = 'true'", "a"],
    ["feedback.fine != 'true'", "bd"],
    ["feedback.fine LIKE '%good'", "d"],
    ["feedback.fine IS NULL", "c"],
    ["feedback.`of session` = 'yes'", "ab"],
    ["feedback.`of session` IS NULL", "cd"],
    ["expectation.words = '150.0'", "c"],
    ["expectation.fine IS NOT NULL", ""],
    ["issue.id = 'i-1'", "d"],
    ["tags.env = 'dev' OR status = 'ERROR'", "bc"],
    ["NOT (tags.env = 'dev' OR status = 'ERROR')", "ad"],
  ];
  for (const [filter, expected] of cases) expect([filter, await names(protocol, filter)]).toEqual([filter, expected]);
});

test.each([
  [[], "dcba"],
  [["timestamp_ms"], "abcd"],
  [["execution_time DESC"], "bdac"],
  [["name DESC"], "dcba"],
  [["tags.env"], "cbad"],
  [["status", "request_id DESC"], "bcda"],
])("ordered by %j: %s; what has no value comes last", async (order_by, expected) => {
  expect(await names(await openTraces(), "", order_by)).toBe(expected);
});

test("pages cover a search once", async () => {
  const protocol = await openTraces();
  const seen: string[] = [];
  let token: string | undefined;
  do {
    const { body } = await search(protocol, { max_results: 2, page_token: token });
    seen.push(...(body.traces as { trace_id: string }[]).map((trace) => trace.trace_id));
    token = body.next_page_token as string | undefined;
  } while (token !== undefined);
  expect(seen).toEqual([4, 3, 2, 1].map(traceId));
});

test.each<[object, RegExp]>([
  [{ filter: "nothing.x = 'a'" }, /Invalid entity type 'nothing'/],
  [{ filter: "constructor.x = 'a'" }, /Invalid entity type 'constructor'/],
  [{ filter: "toString = 'a'" }, /Invalid attribute key 'toString'/],
  [{ filter: "span.duration = '1'" }, /Invalid span attribute 'duration'/],
  [{ filter: "span.content = 'x'" }, /span.content comparator '=' not one of/],
  [{ filter: "prompt LIKE 'x/1'" }, /Only '=' is supported/],
  [{ filter: "prompt = 'x'" }, /Expected format/],
  [{ filter: "tags.env RLIKE '('" }, /is not a regular expression/],
  [{ filter: `tags.env RLIKE '${"a".repeat(501)}'` }, /at most 500 characters/],
  [{ filter: "timestamp_ms = 'x'" }, /Expected numeric value/],
  [{ filter: "issue.id != 'x'" }, /Invalid comparator '!='/],
  [{ order_by: ["span.name"] }, /Invalid order_by entity type 'span'/],
  [{ max_results: 501 }, /Invalid value 501 for parameter 'max_results'/],
  [{ locations: [] }, /Missing value for required parameter 'locations'/],
  [{ locations: [{ inference_table: {} }] }, /traces are searched in experiments/],
])("%j is refused", async (request, expected) => {
  const { status, body } = await search(await openProtocol(), request);
  expect([status, body.error_code]).toEqual([400, "INVALID_PARAMETER_VALUE"]);
  expect(body.message).toMatch(expected);
});

test("how much two filters go together", async () => {
  const { post } = await openTraces();
  const correlate = async (filter_string1: string, filter_string2: string, base_filter?: string) =>
    (await post(`${v3}/calculate-filter-correlation`, { experiment_ids: ["0"], filter_string1, filter_string2, base_filter })).body;
  // ln(4·1 / (2·2)) = 0: independent.
  expect(await correlate("status = 'OK'", "span.name = 'llm.call'")).toMatchObject({ npmi: 0, total_count: 4, filter1_count: 2, filter2_count: 2, joint_count: 1 });
  expect(await correlate("name = 'a'", "name = 'b'")).toMatchObject({ npmi: -1, joint_count: 0 });
  expect(await correlate("name = 'a'", "name = 'z'")).toMatchObject({ npmi: "NaN", npmi_smoothed: "NaN" });
  // Of the two in the session: ln(1·2 / (1·2)) / -ln(1/2).
  expect(await correlate("name = 'a'", "feedback.`of session` = 'yes'", "metadata.`mlflow.trace.session` = 's'")).toMatchObject({ npmi: 0, total_count: 2, filter2_count: 2 });
});
