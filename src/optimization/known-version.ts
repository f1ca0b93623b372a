import type { TrainedVersion } from "../registry/types.ts";
import type { JsonObject } from "../stage.ts";
import type { Signature } from "../training/types.ts";

/** What a step needs of a version to score with it. */
export interface KnownVersion {
  readonly version: number;
  readonly sha256: string;
  readonly signature: Signature;
}

export const knownVersion = ({ version, artifact, signature }: TrainedVersion): KnownVersion => ({ version, sha256: artifact.sha256, signature });

/** Parameters of a step, which are plain JSON, as the pipeline's type for them. */
export const json = (value: object): JsonObject => value as JsonObject;
