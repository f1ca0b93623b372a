import { Badge } from "../../../ui/badge.tsx";
import type { IconName } from "../../../ui/icon.tsx";
import type { Tone } from "../../../ui/tone.ts";
import type { SpanStatus, TraceState as State } from "../../traces/types.ts";

const states: Readonly<Record<State | SpanStatus, { readonly tone: Tone; readonly icon: IconName; readonly text: string }>> = {
  ok: { tone: "good", icon: "check", text: "ok" },
  error: { tone: "bad", icon: "cross", text: "error" },
  in_progress: { tone: "water", icon: "play", text: "in progress" },
  unspecified: { tone: "quiet", icon: "skip", text: "not said" },
  unset: { tone: "quiet", icon: "skip", text: "not said" },
};

/** How a trace or a span ended. */
export function TraceState({ state }: { state: State | SpanStatus }) {
  const { tone, icon, text } = states[state];
  return (
    <Badge tone={tone} icon={icon}>
      {text}
    </Badge>
  );
}
