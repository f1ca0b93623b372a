import { Badge } from "../../ui/badge.tsx";
import type { IconName } from "../../ui/icon.tsx";
import type { Tone } from "../../ui/tone.ts";
import { outcomeNames } from "../retrainings/outcome-names.ts";
import type { Outcome, Retraining } from "../retrainings/types.ts";

const looks: Readonly<Record<Outcome, readonly [Tone, IconName]>> = {
  open: ["quiet", "wait"],
  canary: ["water", "branch"],
  promoted: ["good", "up"],
  rolled_back: ["plum", "back"],
  none_better: ["quiet", "cross"],
  too_few_rows: ["quiet", "cross"],
  gate_rejected: ["quiet", "cross"],
  failed: ["bad", "cross"],
};

/** What came of a retraining. */
export function RetrainingOutcome({ retraining: { outcome, atOnce } }: { retraining: Retraining }) {
  const [tone, icon] = looks[outcome];
  return (
    <Badge tone={tone} icon={icon}>
      {outcomeNames[outcome]}
      {atOnce ? " at once" : ""}
    </Badge>
  );
}
