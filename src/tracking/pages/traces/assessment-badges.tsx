import { Badge } from "../../../ui/badge.tsx";
import type { Tone } from "../../../ui/tone.ts";
import type { Assessment } from "../../traces/types.ts";

/** The valid assessments of a trace in short: names and values. */
export function AssessmentBadges({ assessments }: { assessments: readonly Assessment[] }) {
  const valid = assessments.filter((one) => one.valid);
  if (valid.length === 0) return <>–</>;
  return (
    <span className="row">
      {valid.map((one) => (
        <Badge key={one.id} tone={toneOf(one)}>
          {one.kind === "issue" ? one.name : `${one.name}: ${valueText(one)}`}
        </Badge>
      ))}
    </span>
  );
}

/** What was judged, as text; why not, where there is no value. */
export const valueText = ({ value, error }: Pick<Assessment, "value" | "error">): string => (error ? `failed (${error.code})` : typeof value === "string" ? value : JSON.stringify(value));

const yes = new Set<unknown>([true, "yes", "true", "pass", "correct"]);
const no = new Set<unknown>([false, "no", "false", "fail", "incorrect"]);

/** Yes is good and no is bad only where they say so themselves; a number is neither. */
function toneOf({ kind, value, error }: Assessment): Tone {
  if (error) return "copper";
  if (kind !== "feedback") return kind === "issue" ? "copper" : "quiet";
  const said = typeof value === "string" ? value.toLowerCase() : value;
  return yes.has(said) ? "good" : no.has(said) ? "bad" : "quiet";
}
