import type { GateVerdict } from "../evaluation/gate.ts";
import type { MetricIntervals } from "../evaluation/types.ts";
import type { Signature } from "../training/types.ts";

export interface RegisteredModel {
  readonly name: string;
  readonly createdAt: number;
  /** Alias → version, `champion` first of all. */
  readonly aliases: Readonly<Record<string, number>>;
  readonly latestVersion: number;
}

export interface ModelVersion {
  readonly model: string;
  readonly version: number;
  readonly createdAt: number;
  readonly createdBy: string;
  readonly runId: string;
  readonly pipelineRunId: string;
  readonly datasetVersion: string;
  readonly algorithm: string;
  /** What it was trained on: rows, and the newest point in time among them (ms; null without a time column). */
  readonly training: { readonly rows: number; readonly until: number | null; readonly seconds: number };
  readonly params: Readonly<Record<string, unknown>>;
  readonly importances: Readonly<Record<string, number>>;
  readonly signature: Signature;
  /** The ONNX graph: preprocessing and model in one. */
  readonly artifact: { readonly sha256: string; readonly size: number };
  readonly metrics: MetricIntervals;
  readonly gate: GateVerdict;
  /** Node, Millrace and ONNX Runtime versions, platform, code commit where there is one. */
  readonly environment: Readonly<Record<string, string>>;
  /** Why this version exists: the trigger of its pipeline. */
  readonly trigger: string;
  readonly aliases: readonly string[];
}
