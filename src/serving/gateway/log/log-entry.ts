import type { UnseenElements } from "../tensors/bind.ts";
import type { Tensor } from "../tensors/tensor.ts";

/** What all entries of one variant have in common; made once, as the log finds the place of an entry by it. */
export interface LogSource {
  readonly endpoint: string;
  readonly version: string;
  readonly variant: string;
  readonly shadow: boolean;
  /** Share of the answered requests that are logged: each stands for 1 / share. Failures are logged always. */
  readonly logShare: number;
  /** Class labels of the model, in the order of its probabilities. */
  readonly classes: readonly string[] | undefined;
  /** By the name of an input: what its columns are called, where it is a matrix of named ones. */
  readonly columns: ReadonlyMap<string, readonly string[]> | undefined;
  /** Whether its model says which categories it knows. */
  readonly knowsCategories: boolean;
}

/** One scored request, as it goes into the prediction log: one row per predicted row. */
export interface LogEntry {
  readonly source: LogSource;
  readonly requestId: string;
  /**
   * Milliseconds since 1970: when what is predicted about happened, as the client says, and when the request came in.
   */
  readonly eventTime: number;
  readonly receivedAt: number;
  /** The probability with which the traffic rules gave this request to this variant. */
  readonly propensity: number;
  readonly latencyMicros: number;
  /** Parts of the latency: waiting for an instance, and the run of the model. */
  readonly queueMicros: number;
  readonly runMicros: number;
  readonly rows: number;
  readonly inputs: readonly Tensor[];
  /** Elements of inputs, or of columns of a matrix, that are categories which the model does not know. */
  readonly unseen?: UnseenElements;
  /** Absent when the model failed. */
  readonly outputs: readonly Tensor[] | undefined;
}
