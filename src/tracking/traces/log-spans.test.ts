import * as fc from "fast-check";
import { expect, test } from "vitest";
import { openLedger } from "../fixtures/open-ledger.ts";
import { createRun } from "../runs.ts";
import { setExperimentLifecycle, createExperiment } from "../experiments.ts";
import { writeTogether } from "../../storage/group-commit.ts";
import { makeSpan, traceId } from "./fixtures/make-span.ts";
import { logSpans } from "./log-spans.ts";
import { readSpans, readTrace, readTraces } from "./read-traces.ts";
import { startTrace, type NewTrace } from "./start-trace.ts";
import { deleteTraces, linkTracesToRun, setTraceTag } from "./change-trace.ts";
import { traceKeys, traceTables } from "./trace-tables.ts";
import type { AttributeValue } from "./types.ts";

const id = traceId(1);
const given: NewTrace = {
  id,
  experimentId: "0",
  startedAt: 90,
  duration: 200,
  state: "ok",
  clientRequestId: "c",
  requestPreview: null,
  responsePreview: "said",
  metadata: {},
  tags: { mine: "1" },
  assessments: [],
};

test("a trace begins with its spans, whichever come first, and ends with its root", async () => {
  const db = await openLedger();
  await logSpans(db, "0", [makeSpan(1, 1, { from: 110, to: 150 })]);
  expect(await readTrace(db, id)).toMatchObject({ experimentId: "0", startedAt: 110, duration: 40, state: "in_progress", tags: { [traceKeys.spansLocation]: "TRACKING_STORE" } });
  const root = makeSpan(1, 0, { status: "error", attributes: { "mlflow.spanInputs": { question: "why" }, "mlflow.spanOutputs": "because", "session.id": "s", "user.id": 7n } });
  await logSpans(db, "0", [root, makeSpan(1, 2, { from: 105, to: 300 })]);
  expect(await readTrace(db, id)).toEqual({
    id,
    experimentId: "0",
    startedAt: 100,
    duration: 200,
    state: "error",
    clientRequestId: null,
    requestPreview: '{"question":"why"}',
    responsePreview: "because",
    metadata: { [traceKeys.session]: "s", [traceKeys.user]: "7" },
    tags: { [traceKeys.name]: "step 0", [traceKeys.spansLocation]: "TRACKING_STORE", [traceKeys.artifactLocation]: `mlflow-artifacts:/0/traces/${id}/artifacts` },
    assessments: [],
  });
  expect((await readSpans(db, [id])).get(id)?.map((span) => span.name)).toEqual(["step 0", "step 2", "step 1"]);
});

test("a root that still runs does not end its trace", async () => {
  const db = await openLedger();
  await logSpans(db, "0", [makeSpan(1, 0, { to: null })]);
  expect(await readTrace(db, id)).toMatchObject({ state: "in_progress", duration: null });
  await logSpans(db, "0", [makeSpan(1, 0)]);
  expect(await readTrace(db, id)).toMatchObject({ state: "ok", duration: 100 });
  expect((await readSpans(db, [id])).get(id)).toHaveLength(1);
});

test.each(["before", "after"])("what a client says of its trace stands, said %s the spans", async (when) => {
  const db = await openLedger();
  const root = makeSpan(1, 0, { attributes: { "mlflow.spanInputs": "asked", "mlflow.spanOutputs": "answered" } });
  if (when === "before") await startTrace(db, given);
  await logSpans(db, "0", [root]);
  if (when === "after") await startTrace(db, given);
  expect(await readTrace(db, id)).toMatchObject({ startedAt: 90, duration: 200, state: "ok", clientRequestId: "c", requestPreview: "asked", responsePreview: "said", tags: { mine: "1", [traceKeys.name]: "step 0" } });
});

test("tokens and costs add up over spans, once for a span that is sent twice", async () => {
  const db = await openLedger();
  const used = (number: number) => makeSpan(1, number, { attributes: { "mlflow.chat.tokenUsage": { input_tokens: 10n, output_tokens: 5n, total_tokens: 15n }, "mlflow.llm.cost": { total_cost: 0.5 } } });
  await logSpans(db, "0", [makeSpan(1, 0), used(1)]);
  await logSpans(db, "0", [used(1), used(2)]);
  expect((await readTrace(db, id)).metadata).toEqual({ [traceKeys.tokenUsage]: '{"input_tokens":20,"output_tokens":10,"total_tokens":30}', [traceKeys.cost]: '{"total_cost":1}' });
  await startTrace(db, { ...given, metadata: { [traceKeys.tokenUsage]: '{"total_tokens":99}' } });
  await logSpans(db, "0", [used(3)]);
  expect((await readTrace(db, id)).metadata).toEqual({ [traceKeys.tokenUsage]: '{"total_tokens":99}', [traceKeys.cost]: '{"total_cost":1}' });
  const metrics = await traceTables(db).selectFrom("trace_metrics").select(["key", "value"]).where("span_id", "=", "").where("key", "like", "%tokens").execute();
  expect(metrics).toEqual([{ key: "total_tokens", value: 99 }]);
});

test("other libraries' words for a span are understood", async () => {
  const db = await openLedger();
  const attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.request.model": "small",
    "gen_ai.provider.name": "mill",
    "gen_ai.usage.input_tokens": 3n,
    "gen_ai.usage.output_tokens": "4",
    "gen_ai.input.messages": '{"messages": [{"role": "system", "content": "be kind"}, {"role": "user", "content": [{"type": "text", "text": "hello"}]}]}',
  };
  await logSpans(db, "0", [makeSpan(1, 0, { attributes })]);
  const [span] = (await readSpans(db, [id])).get(id)!;
  expect(span.attributes).toMatchObject({
    "mlflow.spanType": "CHAT_MODEL",
    "mlflow.llm.model": "small",
    "mlflow.llm.provider": "mill",
    "mlflow.chat.tokenUsage": { input_tokens: 3n, output_tokens: 4n, total_tokens: 7n },
    "gen_ai.input.messages": { messages: [{ role: "system" }, { role: "user" }] },
  });
  expect(await readTrace(db, id)).toMatchObject({ requestPreview: "hello" });
});

test("a batch is written whole or not at all", async () => {
  const db = await openLedger();
  const other = await createExperiment(db, { name: "gone", now: 1 });
  await setExperimentLifecycle(db, other, "deleted", 2);
  await expect(writeTogether(db, (transaction) => logSpans(transaction, other, [makeSpan(1, 0), makeSpan(2, 0)]))).rejects.toMatchObject({ code: "tracking.not_active" });
  await expect(writeTogether(db, (transaction) => logSpans(transaction, "77", [makeSpan(1, 0)]))).rejects.toMatchObject({ code: "tracking.experiment_not_found", status: 404 });
  const half = writeTogether(db, async (transaction) => {
    await logSpans(transaction, "0", [makeSpan(1, 0)]);
    await logSpans(transaction, "77", [makeSpan(2, 0)]);
  });
  await expect(half).rejects.toMatchObject({ status: 404 });
  expect(await readTraces(db, [traceId(1), traceId(2)])).toEqual([]);
});

test("traces are deleted with all that hangs on them: by id, or the oldest first", async () => {
  const db = await openLedger();
  await createRun(db, { id: "r1", experimentId: "0", userId: "me", startedAt: 1, tags: new Map() });
  for (const number of [1, 2, 3]) await logSpans(db, "0", [makeSpan(number, 0, { from: 100 * number, to: 1000, attributes: { "mlflow.chat.tokenUsage": { total_tokens: 1n } } })]);
  await setTraceTag(db, id, "t", "1");
  await linkTracesToRun(db, [id, traceId(2)], "r1");
  expect(await deleteTraces(db, "1", { ids: [id] })).toBe(0);
  expect(await deleteTraces(db, "0", { until: 300, most: 1 })).toBe(1);
  expect(await readTraces(db, [id])).toEqual([]);
  expect(await deleteTraces(db, "0", { ids: [id, traceId(2)] })).toBe(1);
  const left = async (table: "spans" | "trace_tags" | "trace_metadata" | "trace_metrics" | "trace_runs") => new Set((await traceTables(db).selectFrom(table).select("trace_id").execute()).map((row) => row.trace_id));
  for (const table of ["spans", "trace_tags", "trace_metadata", "trace_metrics"] as const) expect([table, await left(table)]).toEqual([table, new Set([traceId(3)])]);
  expect(await left("trace_runs")).toEqual(new Set());
});

const attribute = fc.letrec<{ value: AttributeValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2 },
    fc.constant(null),
    fc.boolean(),
    // A text that is JSON of a structure stands for that structure.
    fc.string({ unit: "binary", maxLength: 5 }).filter((text) => !/^\s*["[{]/.test(text) && !/\p{Cs}|\0/u.test(text)),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
    fc.double({ noNaN: true }),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(fc.string({ maxLength: 4 }), tie("value"), { maxKeys: 3 }),
  ),
})).value;

test("spans come back as they went: times to the nanosecond, ids, integers, doubles", async () => {
  const db = await openLedger();
  const time = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  const written = fc.record({ startedAt: time, endedAt: fc.option(time), id: fc.stringMatching(/^[0-9a-f]{16}$/), value: attribute, at: time });
  await fc.assert(
    fc.asyncProperty(written, async ({ startedAt, endedAt, id: spanId, value, at }) => {
      const span = { ...makeSpan(1, 0), startedAt, endedAt, id: spanId, attributes: { value, key: "x" }, events: [{ name: "e", at, attributes: { value } }], resource: { "service.name": "s" } };
      await logSpans(db, "0", [span]);
      expect((await readSpans(db, [id])).get(id)).toEqual([span]);
      await deleteTraces(db, "0", { ids: [id] });
    }),
    { seed: 31, numRuns: 150 },
  );
});
