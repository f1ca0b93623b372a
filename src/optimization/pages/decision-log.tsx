import { useState } from "react";
import { Panel } from "../../ui/panel.tsx";
import type { Decision, DecisionKind } from "../types.ts";
import { decisionNames } from "./decision-kinds.ts";
import { DecisionList } from "./decision-list.tsx";

const step = 20;

/** All decisions, newest first, by kind if wanted. */
export function DecisionLog({ decisions }: { decisions: readonly Decision[] }) {
  const [kind, setKind] = useState<DecisionKind | null>(null);
  const [most, setMost] = useState(step);
  const kinds = (Object.keys(decisionNames) as DecisionKind[]).filter((one) => decisions.some((decision) => decision.kind === one));
  const chosen = [...decisions].reverse().filter((decision) => kind === null || decision.kind === kind);
  const choice = (value: DecisionKind | null, name: string) => (
    <button key={name} type="button" className="button" aria-pressed={kind === value} onClick={() => setKind(value)}>
      {name}
    </button>
  );
  return (
    <Panel title="Decisions" aside={<fieldset className="row small choices" aria-label="Which decisions">{[choice(null, `all ${decisions.length}`), ...kinds.map((one) => choice(one, decisionNames[one]))]}</fieldset>}>
      {decisions.length === 0 ? <p className="muted">The loop has decided nothing yet: the first decision is an alarm, when labels or inputs give cause for one.</p> : <DecisionList decisions={chosen.slice(0, most)} />}
      {chosen.length > most ? (
        <button type="button" className="button" style={{ marginTop: "0.8rem" }} onClick={() => setMost(most + step)}>
          Show {Math.min(step, chosen.length - most)} more of {chosen.length - most}
        </button>
      ) : null}
    </Panel>
  );
}
