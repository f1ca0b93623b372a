import type { BlobInfo } from "../../storage/blobs.ts";
import type { DeclaredEnvironment } from "../environments/types.ts";

/** A file that a recipe's command needs. */
export interface RecipeFile extends BlobInfo {
  /** Relative to the recipe's folder, with `/`. */
  readonly path: string;
  readonly executable: boolean;
}

/**
 * How a model is made by a command, whole: who has it can train the model again. It is kept with every version that it made, and a retraining begins with that of
 * the champion.
 */
export interface Recipe {
  readonly run: string;
  readonly files: readonly RecipeFile[];
  /** SHA-256 of paths, contents and modes of the files. */
  readonly code: string;
  readonly format: "parquet" | "csv";
  /** Milliseconds; null: as long as it takes. */
  readonly timeout: number | null;
  /** The Python that it runs in, where the project declares one. */
  readonly python?: DeclaredEnvironment;
}

/** The job as the command reads it, in the file named by `MILLRACE_JOB`. Its keys are a contract. */
export interface Job {
  /** Path of the rows to train on. */
  readonly train: string;
  readonly target: string;
  /** Columns of numbers and of categories, in the order in which a model of one matrix takes them. */
  readonly features: readonly string[];
  readonly params: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly run_id: string;
  /** Address of the tracking server; null where there is none. */
  readonly tracking_uri: string | null;
  /** The folder for the model, empty when the command starts. */
  readonly model_dir: string;
  /** A folder whose files are there again when the same training starts again after it failed. */
  readonly checkpoint_dir: string;
}
