import type { GateVerdict } from "../evaluation/gate.ts";
import type { MetricIntervals } from "../evaluation/types.ts";
import type { Recipe } from "../training/recipes/types.ts";
import type { ModelFiles, Signature } from "../training/types.ts";

export interface RegisteredModel {
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: Readonly<Record<string, string>>;
  /** Alias → version. */
  readonly aliases: Readonly<Record<string, number>>;
  /** The greatest number of a version that is there; 0 for none. */
  readonly latestVersion: number;
}

/** MLflow's four stages, kept for its clients; aliases say the same with names of one's own. */
export const stages = ["None", "Staging", "Production", "Archived"] as const;
export type VersionStage = (typeof stages)[number];

/** What the registry knows of every version, wherever it was made. */
export interface VersionFacts {
  readonly model: string;
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly createdBy: string;
  readonly description: string | null;
  readonly stage: VersionStage;
  readonly tags: Readonly<Record<string, string>>;
  readonly aliases: readonly string[];
  /** Where it was registered from: a URI of its files. */
  readonly source: string;
  /** Where its files lie: the source, with `models:/…` and `runs:/…` followed to their end. */
  readonly storage: string;
  readonly runId: string | null;
  readonly runLink: string | null;
  /** The logged model it was registered from. */
  readonly loggedModelId: string | null;
  /** Why this version exists: the trigger of its pipeline, or who registered it. */
  readonly trigger: string;
}

/** A version that this house trained, evaluated and blessed, with the evidence of it. */
export interface TrainedVersion extends VersionFacts {
  readonly origin: "trained";
  readonly runId: string;
  readonly pipelineRunId: string;
  readonly datasetVersion: string;
  readonly algorithm: string;
  /**
   * What it was trained on: rows, and the newest point in time among them (ms; null without a time column); `judged`: held-out rows that its
   * metrics are of (absent in versions of before).
   */
  readonly training: { readonly rows: number; readonly until: number | null; readonly seconds: number; readonly judged?: number };
  /** The command that made it, with its files; absent where one of our trainers made it. */
  readonly recipe?: Recipe;
  readonly params: Readonly<Record<string, unknown>>;
  readonly importances: Readonly<Record<string, number>>;
  readonly signature: Signature;
  /** Preprocessing and model in one. */
  readonly artifact: ModelFiles;
  readonly metrics: MetricIntervals;
  readonly gate: GateVerdict;
  /** Node, Millrace and ONNX Runtime versions, platform, code commit where there is one. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A version that a client registered: its evidence is that of its run and its logged model. */
export interface ClientVersion extends VersionFacts {
  readonly origin: "client";
}

export type ModelVersion = TrainedVersion | ClientVersion;
