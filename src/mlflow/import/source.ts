import type { Readable } from "node:stream";
import type { VersionStage } from "../../registry/types.ts";
import type { RunDetails } from "../../tracking/run-details.ts";
import type { Experiment, LoggedModel } from "../../tracking/types.ts";

/** A run as the source has it, but for what is read one after the other: its histories and its artifacts. */
export interface SourceRun extends Omit<RunDetails, "metrics"> {
  readonly deletedAt: number | null;
  /** The last point of each metric by step and time, without its value, of which the stores have different ideas (NaN, infinity). */
  readonly latest: readonly { readonly key: string; readonly step: number; readonly time: number }[];
}

/** Some points of one metric, in any order: position by position. */
export interface Series {
  readonly key: string;
  readonly steps: readonly number[];
  readonly times: readonly number[];
  readonly values: readonly number[];
}

/** A file below an artifact root. */
export interface SourceFile {
  readonly path: string;
  readonly open: () => Promise<Readable>;
  /** Why it cannot be read, where that is known before it is opened: a broken link, a folder or file that this user may not enter. */
  readonly unreadable?: string;
}

/** Is told of a part of a source that cannot be read, and why; the others come. */
export type Leave = (what: string, why: string) => void;

export interface SourceVersion {
  readonly version: number;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly user: string | null;
  readonly description: string | null;
  readonly stage: VersionStage;
  readonly tags: Readonly<Record<string, string>>;
  readonly source: string;
  /** Where the files lie, when the source has followed `models:/…` for us. */
  readonly storage: string | null;
  readonly runId: string | null;
  readonly runLink: string | null;
  readonly loggedModelId: string | null;
}

export interface SourceModel {
  readonly name: string;
  readonly description: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly aliases: Readonly<Record<string, number>>;
  readonly versions: readonly SourceVersion[];
  /** The greatest number ever given, as far as the source knows. */
  readonly lastVersion: number;
}

/** Where artifacts lie, and whose they are. */
export interface ArtifactRoot {
  readonly kind: "run" | "model";
  readonly id: string;
  readonly experimentId: string;
  readonly uri: string;
}

/** A tracking store of MLflow, as an import reads it: nothing is changed there. */
export interface MlflowSource {
  /** What it is, for people: `the folder /data/mlruns`. */
  readonly name: string;
  readExperiments(leave: Leave): AsyncIterable<Experiment>;
  readRuns(experimentId: string, leave: Leave): AsyncIterable<SourceRun>;
  /** The whole history of every metric of a run, in parts. */
  readHistories(run: SourceRun): AsyncIterable<Series>;
  readLoggedModels(experimentId: string, leave: Leave): AsyncIterable<LoggedModel>;
  readRegisteredModels(leave: Leave): AsyncIterable<SourceModel>;
  /** The files below a root; undefined when they lie where this source does not reach (an object store). */
  readArtifacts(root: ArtifactRoot): Promise<AsyncIterable<SourceFile> | undefined>;
  /** The folder of this machine that an artifact URI means and that is not there. */
  missingFolder(uri: string): string | undefined;
  /** What the source has and an import does not carry: what → how many. */
  readLeftOut(): Promise<Readonly<Record<string, number>>>;
  close(): Promise<void>;
}

/** True for a place that clients reach without a server: an object store. */
export const isElsewhere = (uri: string): boolean => /^(?!file:|mlflow-artifacts:)[a-z][a-z0-9+.-]+:/i.test(uri);

/** As MLflow's SQL store and protocol write the infinities. */
const greatest = Number.MAX_VALUE;

/** A metric's value as it was logged: MLflow's SQL store and its protocol write an infinity as the greatest double. */
export const asLogged = (value: number): number => (Math.abs(value) === greatest ? Math.sign(value) * Number.POSITIVE_INFINITY : value);

/** A stage as the registry has it; what MLflow wrote in another way is none. */
export function stageOfText(text: string | null | undefined): VersionStage {
  const stages: readonly VersionStage[] = ["Staging", "Production", "Archived"];
  return stages.find((stage) => stage === text) ?? "None";
}
