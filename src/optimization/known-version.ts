import type { TrainedVersion } from "../registry/types.ts";
import type { JsonObject } from "../stage.ts";
import type { ModelFiles, Signature } from "../training/types.ts";

/** What a step needs of a version to score with it. */
export interface KnownVersion extends Pick<ModelFiles, "sha256" | "python"> {
  readonly version: number;
  readonly signature: Signature;
}

export const knownVersion = ({ version, artifact, signature }: TrainedVersion): KnownVersion => ({ version, sha256: artifact.sha256, ...(artifact.python && { python: artifact.python }), signature });

/** Parameters of a step, which are plain JSON, as the pipeline's type for them. */
export const json = (value: object): JsonObject => value as JsonObject;
