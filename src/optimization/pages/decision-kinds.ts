import type { IconName } from "../../ui/icon.tsx";
import type { Tone } from "../../ui/tone.ts";
import type { DecisionKind } from "../types.ts";

/** What the kinds of decisions are called. */
export const decisionNames: Readonly<Record<DecisionKind, string>> = {
  alarm: "alarm, retraining",
  canary_started: "canary started",
  promoted: "promoted",
  rolled_back: "rolled back",
  gate_rejected: "champion stays",
  retraining_failed: "retraining failed",
};

export const decisionTones: Readonly<Record<DecisionKind, Tone>> = {
  alarm: "copper",
  canary_started: "water",
  promoted: "good",
  rolled_back: "plum",
  gate_rejected: "quiet",
  retraining_failed: "bad",
};

export const decisionIcons: Readonly<Record<DecisionKind, IconName>> = {
  alarm: "alert",
  canary_started: "branch",
  promoted: "up",
  rolled_back: "back",
  gate_rejected: "cross",
  retraining_failed: "cross",
};
