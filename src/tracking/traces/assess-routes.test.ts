import { expect, test } from "vitest";
import { openProtocol, type Answer } from "../../../test/open-protocol.ts";
import { makeSpan, traceId } from "./fixtures/make-span.ts";
import { logSpans } from "./log-spans.ts";

const id = traceId(1);

async function openTrace() {
  const { server, house, clock, get, post } = await openProtocol();
  const span = makeSpan(1, 0);
  await logSpans(house.db, "0", [span]);
  const ask = async (method: "PATCH" | "POST" | "DELETE", path: string, payload?: object): Promise<{ status: number; body: Answer }> => {
    const answer = await server.inject({ method, url: `/api/tracking/traces/${id}${path}`, ...(payload ? { payload } : {}) });
    return { status: answer.statusCode, body: JSON.parse(answer.body) };
  };
  /** The trace as MLflow's clients see it. */
  const seen = async (): Promise<Answer> => (await get(`/api/3.0/mlflow/traces/${id}`)).body.trace.trace_info;
  return { ask, seen, clock, span: span.id, post };
}

test("tags are set and taken away; null of one that is not there does nothing; MLflow's clients see them", async () => {
  const { ask, seen } = await openTrace();
  expect((await ask("PATCH", "", { tags: { looked_at: "yes", größe: "3" } })).status).toBe(200);
  expect((await seen()).tags).toMatchObject({ looked_at: "yes", größe: "3" });
  expect((await ask("PATCH", "", { tags: { größe: null, never: null, looked_at: "twice" } })).status).toBe(200);
  const { tags } = await seen();
  expect(tags).toMatchObject({ looked_at: "twice" });
  expect(tags).not.toHaveProperty("größe");
});

test("a person's feedback and expectation reach MLflow's clients in the shapes they read", async () => {
  const { ask, seen, span, clock } = await openTrace();
  const { body } = await ask("POST", "/assessments", { kind: "feedback", name: " is_correct ", value: false, rationale: "It **failed**", by: "ada", spanId: span });
  clock.advanceTo(2000);
  await ask("POST", "/assessments", { kind: "expectation", name: "depth", value: { feet: 58 } });
  const [feedback, expectation] = (await seen()).assessments;
  expect(feedback).toMatchObject({ assessment_id: body.id, assessment_name: "is_correct", trace_id: id, span_id: span, source: { source_type: "HUMAN", source_id: "ada" }, feedback: { value: false }, rationale: "It **failed**", valid: true });
  expect(expectation).toMatchObject({ assessment_name: "depth", source: { source_type: "HUMAN", source_id: "local" }, expectation: { serialized_value: { value: '{"feet":58}' } } });
  for (const absent of ["span_id", "rationale", "overrides"]) expect(expectation).not.toHaveProperty(absent);
});

test("it is changed and deleted; a correction keeps what it corrects, once", async () => {
  const { ask, seen, clock } = await openTrace();
  const { body: first } = await ask("POST", "/assessments", { kind: "feedback", name: "quality", value: 2, rationale: "meh" });
  clock.advanceTo(61_000);
  expect((await ask("PATCH", `/assessments/${first.id}`, { value: null })).status).toBe(200);
  expect((await seen()).assessments[0]).toMatchObject({ feedback: { value: null }, rationale: "meh", last_update_time: "1970-01-01T00:01:01.000Z" });
  const { body: second } = await ask("POST", "/assessments", { kind: "feedback", name: "quality", value: 5, overrides: first.id });
  expect((await seen()).assessments.map((one: Answer) => one.valid)).toEqual([false, true]);
  expect((await ask("POST", "/assessments", { kind: "feedback", name: "quality", value: 1, overrides: first.id })).body.error.code).toBe("tracking.assessment_corrected");
  expect((await ask("DELETE", `/assessments/${second.id}`)).status).toBe(200);
  expect((await seen()).assessments).toMatchObject([{ assessment_id: first.id, valid: true }]);
});

test.each([
  ["a span that it has not", "POST", "/assessments", { kind: "feedback", name: "a", value: 1, spanId: "ffff" }, 404, "tracking.span_not_found"],
  ["a correction of nothing", "POST", "/assessments", { kind: "feedback", name: "a", value: 1, overrides: "a-none" }, 404, "tracking.assessment_not_found"],
  ["an expectation that corrects feedback", "POST", "/assessments", { kind: "expectation", name: "a", value: 1, overrides: "FIRST" }, 400, "tracking.other_kind_of_assessment"],
  ["no value", "POST", "/assessments", { kind: "feedback", name: "a" }, 400, "http.bad_request"],
  ["a name of blanks", "POST", "/assessments", { kind: "feedback", name: "  ", value: 1 }, 400, "http.bad_request"],
  ["an issue by hand", "POST", "/assessments", { kind: "issue", name: "a", value: "x" }, 400, "http.bad_request"],
  ["a change of nothing", "PATCH", "/assessments/a-none", { value: 1 }, 404, "tracking.assessment_not_found"],
  ["a removal of nothing", "DELETE", "/assessments/a-none", undefined, 404, "tracking.assessment_not_found"],
  ["a key that clients cannot read back", "PATCH", "", { tags: { "a\u0000b": "x" } }, 400, "http.bad_request"],
] as readonly [string, "PATCH" | "POST" | "DELETE", string, object | undefined, number, string][])("%s is refused, and nothing is kept", async (_, method, path, body, status, code) => {
  const { ask, seen } = await openTrace();
  const { body: first } = await ask("POST", "/assessments", { kind: "feedback", name: "first", value: true });
  const before = await seen();
  const answer = await ask(method, path, body && JSON.parse(JSON.stringify(body).replace("FIRST", first.id as string)));
  expect([answer.status, answer.body.error.code]).toEqual([status, code]);
  expect(await seen()).toEqual(before);
});

test("an issue that a client logged has no value to change, and a name", async () => {
  const { ask, seen, post } = await openTrace();
  const { body } = await post(`/api/3.0/mlflow/traces/${id}/assessments`, { assessment: { assessment_name: "slow", issue: { issue_name: "slow" } } });
  const path = `/assessments/${body.assessment.assessment_id}`;
  expect((await ask("PATCH", path, { value: "fast" })).body.error.code).toBe("tracking.issue_without_value");
  expect((await ask("PATCH", path, { name: "too slow", rationale: "a minute" })).status).toBe(200);
  expect((await seen()).assessments).toMatchObject([{ assessment_name: "too slow", issue: { issue_name: "slow" }, rationale: "a minute" }]);
});
