import { expect, test } from "vitest";
import { openLedger } from "../fixtures/open-ledger.ts";
import { createAssessment, deleteAssessment, readAssessment, updateAssessment, type NewAssessment } from "./assessments.ts";
import { makeSpan, traceId } from "./fixtures/make-span.ts";
import { logSpans } from "./log-spans.ts";
import { readTrace } from "./read-traces.ts";

const id = traceId(1);
const feedback: NewAssessment = {
  id: "a-1",
  traceId: id,
  spanId: null,
  kind: "feedback",
  name: "quality",
  value: { stars: 4, said: [] },
  error: null,
  source: { type: "HUMAN", id: "me" },
  rationale: "fine",
  metadata: { model: "small" },
  overrides: null,
  createdAt: 5,
  updatedAt: 5,
};

async function openTrace() {
  const db = await openLedger();
  await logSpans(db, "0", [makeSpan(1, 0)]);
  await createAssessment(db, feedback);
  return db;
}

test("an assessment is read back, alone and with its trace", async () => {
  const db = await openTrace();
  expect(await readAssessment(db, id, "a-1")).toEqual({ ...feedback, valid: true });
  expect((await readTrace(db, id)).assessments).toEqual([{ ...feedback, valid: true }]);
});

test("a change leaves what it does not name, and joins metadata", async () => {
  const db = await openTrace();
  const changed = await updateAssessment(db, id, "a-1", { judged: { kind: "feedback", value: null, error: { code: "E", message: "m", stack: "" } }, metadata: { version: "2" } }, 9);
  expect(changed).toEqual({ ...feedback, value: null, error: { code: "E", message: "m", stack: "" }, metadata: { model: "small", version: "2" }, updatedAt: 9, valid: true });
  await expect(updateAssessment(db, id, "a-1", { judged: { kind: "expectation", value: 1, error: null } }, 9)).rejects.toThrow("Cannot update expectation value on a Feedback assessment.");
});

test("an override makes the other one invalid until it is deleted", async () => {
  const db = await openTrace();
  await createAssessment(db, { ...feedback, id: "a-2", overrides: "a-1" });
  expect(await readAssessment(db, id, "a-1")).toMatchObject({ valid: false });
  await deleteAssessment(db, id, "a-2");
  await deleteAssessment(db, id, "a-2");
  expect(await readAssessment(db, id, "a-1")).toMatchObject({ valid: true });
  await expect(readAssessment(db, id, "a-2")).rejects.toMatchObject({ code: "tracking.assessment_not_found", status: 404 });
});

test("what is not there is not found, and nothing is left of what names it", async () => {
  const db = await openTrace();
  await expect(createAssessment(db, { ...feedback, id: "a-3", traceId: "tr-none" })).rejects.toMatchObject({ code: "tracking.trace_not_found" });
  await expect(createAssessment(db, { ...feedback, id: "a-3", overrides: "a-9" })).rejects.toMatchObject({ code: "tracking.assessment_not_found" });
  await expect(readAssessment(db, id, "a-3")).rejects.toMatchObject({ status: 404 });
});
