import Type from "typebox";
import { invalid, notFound } from "../../errors.ts";
import { route } from "../../http/route.ts";
import type { Database } from "../../storage/database.ts";
import { writeTogether } from "../../storage/group-commit.ts";
import { changeTags, tagChanges } from "../edit.ts";
import { createAssessment, deleteAssessment, newAssessmentId, readAssessment, updateAssessment } from "./assessments.ts";
import { deleteTraceTag, setTraceTag } from "./change-trace.ts";
import { readSpans, readTrace, requireTrace } from "./read-traces.ts";

const byId = Type.Object({ id: Type.String() });
const ofTrace = Type.Object({ id: Type.String(), assessment: Type.String() });
const name = Type.String({ minLength: 1, maxLength: 250, pattern: "\\S" });
const rationale = Type.String({ maxLength: 65_535 });

/** What people do with a trace on its page; programs do the same by MLflow's protocol. */
export const assessRoutes = {
  "PATCH /traces/:id": route({
    summary: "Sets tags of a trace, or takes them away with null",
    params: byId,
    body: Type.Object({ tags: tagChanges(8000) }),
    handle: async (house, { params: { id }, body }) => {
      await writeTogether(house.db, async (transaction) => {
        const { tags } = await readTrace(transaction, id);
        await changeTags(
          body.tags,
          (key, value) => setTraceTag(transaction, id, key, value),
          async (key) => {
            if (Object.hasOwn(tags, key)) await deleteTraceTag(transaction, id, key);
          },
        );
      });
      return {};
    },
  }),
  "POST /traces/:id/assessments": route({
    summary: "A person's judgement of a trace, or of one span of it: feedback, or what was expected. `overrides` names one that it corrects, which is kept and not valid any more",
    params: byId,
    body: Type.Object({
      kind: Type.Union([Type.Literal("feedback"), Type.Literal("expectation")]),
      name,
      value: Type.Unknown({ description: "Any JSON" }),
      rationale: Type.Optional(rationale),
      by: Type.Optional(Type.String({ minLength: 1, maxLength: 250, description: "Who judges; `local` where it is not said" })),
      spanId: Type.Optional(Type.String()),
      overrides: Type.Optional(Type.String()),
    }),
    handle: async (house, { params, body, actor }) => {
      const [id, now] = [newAssessmentId(), house.clock.now()];
      await writeTogether(house.db, async (transaction) => {
        await requireTrace(transaction, params.id);
        if (body.spanId !== undefined) await requireSpan(transaction, params.id, body.spanId);
        if (body.overrides !== undefined) await requireSameKind(transaction, params.id, body.overrides, body.kind);
        await createAssessment(transaction, {
          id,
          traceId: params.id,
          spanId: body.spanId ?? null,
          kind: body.kind,
          name: body.name.trim(),
          value: body.value,
          error: null,
          source: { type: "HUMAN", id: body.by ?? actor },
          rationale: body.rationale || null,
          metadata: {},
          overrides: body.overrides ?? null,
          createdAt: now,
          updatedAt: now,
        });
      });
      return { id };
    },
  }),
  "PATCH /traces/:id/assessments/:assessment": route({
    summary: "Changes the name, the value or the rationale of an assessment",
    params: ofTrace,
    body: Type.Object({ name: Type.Optional(name), value: Type.Optional(Type.Unknown({ description: "Any JSON" })), rationale: Type.Optional(rationale) }),
    handle: async (house, { params, body }) => {
      await writeTogether(house.db, async (transaction) => {
        const { kind } = await readAssessment(transaction, params.id, params.assessment);
        if (kind === "issue" && "value" in body) throw invalid("tracking.issue_without_value", "An assessment that says to which issue a trace belongs has no value that could change");
        const judged = "value" in body ? { kind, value: body.value, error: null } : undefined;
        await updateAssessment(transaction, params.id, params.assessment, { name: body.name?.trim(), judged, rationale: body.rationale }, house.clock.now());
      });
      return {};
    },
  }),
  "DELETE /traces/:id/assessments/:assessment": route({
    summary: "Deletes an assessment; one that it had corrected is valid again",
    params: ofTrace,
    handle: async (house, { params }) => {
      await writeTogether(house.db, async (transaction) => {
        await readAssessment(transaction, params.id, params.assessment);
        await deleteAssessment(transaction, params.id, params.assessment);
      });
      return {};
    },
  }),
};

async function requireSpan(db: Database, traceId: string, spanId: string): Promise<void> {
  const spans = (await readSpans(db, [traceId])).get(traceId) ?? [];
  if (!spans.some(({ id }) => id === spanId)) throw notFound("tracking.span_not_found", `Trace '${traceId}' has no span '${spanId}'`);
}

async function requireSameKind(db: Database, traceId: string, id: string, kind: string): Promise<void> {
  const corrected = await readAssessment(db, traceId, id);
  if (corrected.kind !== kind) throw invalid("tracking.other_kind_of_assessment", `Assessment '${id}' is ${corrected.kind}, which ${kind} does not correct`);
  if (!corrected.valid) throw invalid("tracking.assessment_corrected", `Assessment '${id}' was corrected before; correct the one that did`);
}
