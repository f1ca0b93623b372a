import type { Datatype, Values } from "../tensors/tensor.ts";

/** One input of a model: a column of `width` elements per row. */
export interface InputSpec {
  readonly name: string;
  readonly datatype: "FP32" | "FP64" | "INT64" | "BYTES";
  readonly width: number;
}

export interface OutputSpec {
  readonly name: string;
  readonly datatype: Datatype;
  /** The dimensions after the first, which counts rows; -1 where the model leaves it open. */
  readonly tail: readonly number[];
}

export interface OutputColumn {
  readonly values: Values;
  readonly tail: readonly number[];
}

/** A model in memory. Rows are independent: any rows may be scored together in one call. */
export interface Model {
  /** `<project>_<format>` as the Open Inference Protocol names it. */
  readonly platform: string;
  readonly inputs: readonly InputSpec[];
  readonly outputs: readonly OutputSpec[];
  /** Class labels in the order of the probabilities, where the model says so. */
  readonly classes: readonly string[] | undefined;
  /** Scores `rows` rows; `columns` in the order of `inputs`, the answer in the order of `outputs`. */
  run(rows: number, columns: readonly Values[]): Promise<readonly OutputColumn[]>;
  /** Frees the model; only called when no run is in flight. */
  release(): Promise<void>;
}

/** A way to run model files of one format. */
export interface Runtime {
  readonly name: string;
  accepts(file: string): boolean;
  /** Loads a file and runs it once; fails with a sentence that names the file. */
  load(file: string): Promise<Model>;
}
