import { Anchor } from "../../ui/anchor.tsx";
import { Badge } from "../../ui/badge.tsx";
import { formatDay } from "../../ui/format.ts";
import type { Decision } from "../types.ts";
import { decisionIcons, decisionNames, decisionTones } from "./decision-kinds.ts";
import "./decision-list.css";

/** Decisions as given, each with its day, its kind and the sentence that says why. */
export function DecisionList({ decisions }: { decisions: readonly Decision[] }) {
  return (
    <ol className="decisions">
      {decisions.map((decision) => (
        <li key={decision.id}>
          <time dateTime={new Date(decision.time).toISOString()}>{formatDay(decision.time)}</time>
          <Badge tone={decisionTones[decision.kind]} icon={decisionIcons[decision.kind]}>
            {decisionNames[decision.kind]}
          </Badge>
          <p>
            {decision.reason}
            {decision.pipelineRunId ? (
              <>
                {" "}
                <Anchor to={`/pipelines/${encodeURIComponent(decision.pipelineRunId)}`}>pipeline run</Anchor>
              </>
            ) : null}
          </p>
        </li>
      ))}
    </ol>
  );
}
