export type RunStatus = "scheduled" | "running" | "finished" | "failed" | "killed";

/** What is deleted is hidden until it is restored or collected. */
export type Lifecycle = "active" | "deleted";

export interface Experiment {
  /** A number as text; "0" is the default experiment. */
  readonly id: string;
  readonly name: string;
  /** Where clients put artifacts of its runs, `mlflow-artifacts:/<id>` unless it was created with another. */
  readonly artifactLocation: string;
  readonly lifecycle: Lifecycle;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: Readonly<Record<string, string>>;
}

/** One attempt at something: a training, an evaluation; with what it was given and what came out. */
export interface Run {
  readonly id: string;
  readonly experiment: string;
  readonly name: string;
  readonly status: RunStatus;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly params: Readonly<Record<string, string>>;
  /** The last value of each metric. */
  readonly metrics: Readonly<Record<string, number>>;
  readonly tags: Readonly<Record<string, string>>;
}

export interface MetricPoint {
  readonly key: string;
  readonly value: number;
  readonly step: number;
  readonly time: number;
}

/** `pending` until all its files are there. */
export type LoggedModelStatus = "pending" | "ready" | "failed";

/** A metric of a logged model, as the run measured it that is named, on a dataset perhaps ("" for none). */
export interface ModelMetric extends MetricPoint {
  readonly runId: string;
  readonly datasetName: string;
  readonly datasetDigest: string;
}

/** A model that a client logged: files with an MLmodel among them, before anybody registers it. */
export interface LoggedModel {
  readonly id: string;
  readonly experimentId: string;
  readonly name: string;
  readonly type: string | null;
  readonly status: LoggedModelStatus;
  readonly sourceRunId: string | null;
  readonly artifactUri: string;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly lifecycle: Lifecycle;
  readonly params: readonly { readonly key: string; readonly value: string }[];
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly metrics: readonly ModelMetric[];
}

/** A file a run made, kept in the artifact store. */
export interface Artifact {
  readonly path: string;
  readonly sha256: string;
  readonly size: number;
}

/** A thing that stands in the lineage: `dataset_version`, `run`, `model_version`, `deployment`, `pipeline_run`. */
export interface LineageNode {
  readonly kind: string;
  readonly id: string;
}

/** `to` was made from `from`. */
export interface LineageEdge {
  readonly from: LineageNode;
  readonly to: LineageNode;
  /** What `from` was to `to`: `trained_on`, `evaluated_by`, `derived_from`, `produced`, `served_by`. */
  readonly role: string;
}
