import type { Schema } from "../data/validation/schema.ts";
import type { Project } from "../project/project.ts";
import type { FeatureSpec, Task } from "../training/types.ts";
import type { Reading } from "../values/reading.ts";

/** What the loop of an endpoint needs to retrain: the project, and what its first run made of the data. */
export interface Loop {
  readonly endpoint: string;
  readonly project: Project;
  /** The dataset version all later ones grow from, and its file. */
  readonly baseDataset: string;
  readonly baseFile: string;
  readonly baseRows: number;
  /** What later data are held to. */
  readonly schema: Schema;
  readonly task: Task;
  readonly classes: readonly string[];
  readonly features: readonly FeatureSpec[];
  /** How the columns of the base dataset are read, by name; absent in loops of before readings were kept. */
  readonly readings?: Readonly<Record<string, Reading>>;
  readonly timeStored: "DATE" | "TIMESTAMP" | null;
  /** From when on the loop watches (event time). */
  readonly startedAt: number;
  /** `real`: turns by itself; `replay`: its data end in the past by the project's word, and a replay turns it. */
  readonly clock: "real" | "replay";
}

/** A challenger on its way to replace the champion. */
export interface Rollout {
  readonly id: string;
  readonly endpoint: string;
  readonly championVersion: number;
  readonly challengerVersion: number;
  readonly startedAt: number;
  readonly state: "canary" | "promoted" | "rolled_back";
  readonly decidedAt: number | null;
}

export type DecisionKind = "alarm" | "gate_rejected" | "retraining_failed" | "canary_started" | "promoted" | "rolled_back";

/** One decision of the loop: what, when, and why in a sentence with its numbers. */
export interface Decision {
  readonly id: string;
  readonly endpoint: string;
  readonly time: number;
  readonly kind: DecisionKind;
  readonly reason: string;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly pipelineRunId: string | null;
}

/** The paired comparison of a canary: mean of (champion's loss − challenger's loss), with an interval that holds at every look. */
export interface CanaryEvidence {
  readonly labels: number;
  readonly championLoss: number;
  readonly challengerLoss: number;
  /** Mean paired difference of the per-prediction loss; above 0 the challenger is better. */
  readonly difference: number;
  readonly low: number;
  readonly high: number;
}
