import type { BlobInfo } from "../../storage/blobs.ts";

/** What tells an environment: a list of packages, a project, a lock, conda's file, or a Python that is there already (named, or found on the PATH). */
export type EnvironmentKind = "requirements.txt" | "pyproject.toml" | "uv.lock" | "environment.yml" | "interpreter" | "local";

/** A file that an environment is made of. */
export interface EnvironmentFile extends BlobInfo {
  /** Relative to the folder of the declared file, with `/`. */
  readonly path: string;
}

/** `train.python` of a project, whole: who has it can make the environment again. */
export interface DeclaredEnvironment {
  /** As millrace.yaml says it. */
  readonly declared: string;
  readonly kind: EnvironmentKind;
  /** `interpreter`: its absolute path. */
  readonly interpreter?: string;
  /** The versions of Python that it asks for (PEP 440), where it does. */
  readonly requires?: string;
  /** What the installer reads; the first is the one it is given. Empty where nothing is installed. */
  readonly files: readonly EnvironmentFile[];
  /** What it was when a version was trained in it: a retraining installs these versions where it must be made anew. */
  readonly made?: TrainedIn;
}

/** What a Python says of itself. */
export interface PythonFacts {
  /** Absolute path of the program. */
  readonly executable: string;
  readonly version: string;
  readonly implementation: string;
  /** As wheels call it: `linux-x86_64`. */
  readonly platform: string;
  /** The folder of its environment; that of the installation where it is in none. */
  readonly prefix: string;
  readonly virtual: boolean;
  /** `name==version`, sorted, as `pip freeze` tells them. */
  readonly packages: readonly string[];
}

/** An environment as a version was trained in it. */
export interface TrainedIn extends Pick<PythonFacts, "version" | "platform" | "packages"> {
  /** SHA-256 of the declared text and files, Python's version and the platform; of a Python that was there, of its version, platform and packages. */
  readonly digest: string;
  /** What installed it; null where nothing was. */
  readonly installer: "uv" | "pip" | null;
}
