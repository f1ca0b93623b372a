import type { PipelineRun, StepState } from "../../stage.ts";
import { Badge } from "../../ui/badge.tsx";
import type { IconName } from "../../ui/icon.tsx";
import type { Tone } from "../../ui/tone.ts";

/** How the states of runs and steps look. */
export const stateLooks: Readonly<Record<PipelineRun["state"] | StepState, { readonly tone: Tone; readonly icon: IconName }>> = {
  running: { tone: "water", icon: "play" },
  succeeded: { tone: "good", icon: "check" },
  stopped: { tone: "copper", icon: "pause" },
  failed: { tone: "bad", icon: "cross" },
  waiting: { tone: "quiet", icon: "wait" },
  skipped: { tone: "quiet", icon: "skip" },
};

export function PipelineState({ state }: { state: PipelineRun["state"] | StepState }) {
  return (
    <Badge tone={stateLooks[state].tone} icon={stateLooks[state].icon}>
      {state}
    </Badge>
  );
}
