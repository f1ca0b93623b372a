import { Badge } from "../../ui/badge.tsx";
import type { TriggerView } from "../triggers/describe-trigger.ts";

/** Whether a trigger is on the watch. */
export function TriggerState({ trigger: { paused, problem } }: { trigger: Pick<TriggerView, "paused" | "problem"> }) {
  if (paused) return <Badge tone="copper" icon="pause">paused</Badge>;
  if (problem) return <Badge tone="bad" icon="cross">in trouble</Badge>;
  return <Badge tone="good" icon="check">ready</Badge>;
}
