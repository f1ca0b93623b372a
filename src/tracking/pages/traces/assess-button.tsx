import type { ReactNode } from "react";
import { AskButton, type AskField } from "../../../ui/ask-button.tsx";
import { storeChoice, storedChoice } from "../../../ui/stored-choice.ts";
import type { Assessment } from "../../traces/types.ts";
import { trackingApi } from "../tracking-api.ts";
import { readValue, valueTypeOf, valueTypes, writtenValue, type ValueType } from "./judged-value.ts";

/** Who judged last on this machine: nobody says a name twice. */
const assessor = "assessor";

const nameField = (initial = ""): AskField => ({ name: "name", label: "Name, such as is_correct", initial, required: true });
const whoField = (): AskField => ({ name: "by", label: "Who judges", initial: storedChoice(assessor) ?? "", required: true });

/** The fields for a value (as it is now; no default that somebody takes for a judgement) and why. */
function judgementFields(now: { readonly value: unknown } | undefined, rationale: string): AskField[] {
  return [
    { name: "type", label: "The value is", initial: now ? valueTypeOf(now.value) : "true or false", options: valueTypes },
    { name: "value", label: "Value", initial: now ? writtenValue(now.value) : "" },
    { name: "rationale", label: "Why, in Markdown", initial: rationale, long: true },
  ];
}

type Answers = Readonly<Record<string, string>>;
const valueOf = ({ type, value }: Answers): unknown => readValue(type as ValueType, value);

interface AssessProps {
  readonly traceId: string;
  /** What is judged, in words: `the span search`. */
  readonly of: string;
  readonly spanId?: string;
}

/** Asks for feedback, or for what was expected. */
export function AssessButton({ traceId, of, spanId }: AssessProps) {
  const add = async (answers: Answers): Promise<void> => {
    const { kind, name, rationale, by } = answers;
    await trackingApi("POST /traces/:id/assessments", { params: { id: traceId }, body: { kind: kind as "feedback" | "expectation", name, value: valueOf(answers), rationale, by, ...(spanId === undefined ? {} : { spanId }) } });
    storeChoice(assessor, by);
  };
  return (
    <AskButton
      label="Assess"
      name={`Assess ${of}`}
      quiet
      title={`Assess ${of}`}
      confirm="Add"
      fields={[{ name: "kind", label: "Kind", initial: "feedback", options: ["feedback", "expectation"] }, nameField(), ...judgementFields(undefined, ""), whoField()]}
      run={add}
    >
      Feedback says how good it was. An expectation says what the right answer would have been.
    </AskButton>
  );
}

/** What can be done with an assessment: what people said is changed, what programs said is corrected and kept, both are removed. */
export function AssessmentButtons({ assessment }: { assessment: Assessment }): ReactNode {
  const { id, traceId, name, kind, source, valid, value, rationale } = assessment;
  if (!valid) return null;
  const params = { id: traceId, assessment: id };
  const change = (answers: Answers): Promise<unknown> =>
    trackingApi("PATCH /traces/:id/assessments/:assessment", { params, body: { name: answers["name"], value: valueOf(answers), rationale: answers["rationale"] } });
  const correct = async (answers: Answers): Promise<void> => {
    const { by } = answers;
    await trackingApi("POST /traces/:id/assessments", {
      params: { id: traceId },
      body: { kind: kind as "feedback" | "expectation", name, value: valueOf(answers), rationale: answers["rationale"], by, overrides: id, ...(assessment.spanId === null ? {} : { spanId: assessment.spanId }) },
    });
    storeChoice(assessor, by);
  };
  return (
    <span className="row assessment-buttons">
      {kind === "issue" ? null : source.type === "HUMAN" ? (
        <AskButton label="Change" name={`Change the assessment ${name}`} quiet title={`Change the assessment ${name}`} confirm="Keep" fields={[nameField(name), ...judgementFields({ value }, rationale ?? "")]} run={change} />
      ) : (
        <AskButton label="Correct" name={`Correct the assessment ${name}`} quiet title={`Correct the assessment ${name}`} confirm="Correct" fields={[...judgementFields({ value }, ""), whoField()]} run={correct}>
          What {source.id} said stays, and says that it was corrected.
        </AskButton>
      )}
      <AskButton label="Remove" name={`Remove the assessment ${name}`} quiet title={`Remove the assessment ${name}`} confirm="Remove" fields={[]} run={() => trackingApi("DELETE /traces/:id/assessments/:assessment", { params })}>
        {assessment.overrides === null ? "It is gone then." : "It is gone then, and what it corrected counts again."}
      </AskButton>
    </span>
  );
}
