import { Badge } from "../../ui/badge.tsx";
import type { GateVerdict } from "../gate.ts";

/** A gate's verdict: every check with the sentence that says why. */
export function GateChecks({ verdict }: { verdict: GateVerdict }) {
  return (
    <ul className="stack">
      {verdict.checks.map((check) => (
        <li key={check.name} className="row" style={{ alignItems: "baseline", flexWrap: "nowrap" }}>
          <Badge tone={check.passed ? "good" : "bad"} icon={check.passed ? "check" : "cross"}>
            {check.passed ? "passed" : "refused"}
          </Badge>
          <span>
            {check.reason} <code className="muted">{check.name}</code>
          </span>
        </li>
      ))}
    </ul>
  );
}
