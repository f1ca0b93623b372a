import type { LoadOptions } from "../runtimes/runtime.ts";

/** The states of the Open Inference Protocol's model repository extension. */
export type VersionState = "READY" | "LOADING" | "UNLOADING" | "UNAVAILABLE";

export interface VersionStatus {
  readonly name: string;
  readonly version: string;
  readonly state: VersionState;
  /** Why it is not ready; "" when it is. */
  readonly reason: string;
  /** Answers requests that ask for no version. */
  readonly isDefault: boolean;
  readonly location: string;
  readonly options: LoadOptions;
}

/** A model and where it comes from. */
export interface ModelSource {
  readonly name: string;
  /**
   * A model file, a model folder, a folder of versions (`1/`, `2/` …) or a URL; a relative path lies in the model
   * repository. As known when absent.
   */
  readonly location?: string;
  readonly version?: string;
  readonly runtime?: string;
  readonly options?: LoadOptions;
  /** Which versions of a folder of versions are served: the newest when absent. */
  readonly versions?: { readonly latest: number } | "all" | { readonly specific: readonly string[] };
  /** Labels by version, `{ stable: "3" }`. */
  readonly labels?: Readonly<Record<string, string>>;
}

/**
 * The models of a gateway that runs alone: what clients may load, unload and change while it runs. Every change is one
 * step: what was served goes on being served until the change is ready, and stays when it fails. Fails with
 * `serving.managed` (403) under a control plane, which owns the deployments; `serving.unknown_model` (404);
 * `serving.already_loaded` (409); `serving.load_failed` and `serving.version_missing` (400); `serving.place_forbidden`
 * (403) for a place the operator did not allow; `serving.no_memory` (507, or 503 while others are in use).
 */
export interface ModelRepository {
  /** Every version known, loaded or not, by name and version. */
  index(): readonly VersionStatus[];
  /**
   * Loads a model and serves it. With a location it replaces what is served under its name; with a location and a
   * version it is one more version beside those served, and the default stays. By name alone it brings back what was
   * unloaded, looking at its place again. Resolves when it answers.
   */
  load(source: ModelSource): Promise<void>;
  /** Takes a model, or one version of it, out of service; resolves when its requests have ended and it is freed. */
  unload(name: string, version?: string): Promise<void>;
  /** The version that answers requests which ask for none. */
  setDefault(name: string, version: string): Promise<void>;
  /** Instances of a model (of its default version when absent). */
  scale(name: string, version: string | undefined, instances: number): Promise<void>;
  /** Serves these models and no others. */
  replace(sources: readonly ModelSource[]): Promise<void>;
}
