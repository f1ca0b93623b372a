import type { Model } from "./runtimes/runtime.ts";
import type { UnknownInputs } from "./tensors/bind.ts";
import type { Input } from "./tensors/input.ts";
import type { Tensor } from "./tensors/tensor.ts";

/** A request for predictions, whatever protocol it came by. */
export interface InferenceRequest {
  readonly endpoint: string;
  /** Asks for one model version instead of the one that traffic rules pick. */
  readonly version?: string;
  readonly id: string;
  /** What sticks to a variant, such as a user id; the request id when absent. */
  readonly stickyKey?: string;
  /** When what is predicted about happened, in milliseconds since 1970; the time received when absent. */
  readonly eventTime?: number;
  readonly inputs: readonly Input[];
  /** What the rows are known again by, where they are read after a variant was picked; the inputs when absent. */
  readonly content?: () => string | Uint8Array;
  /** What becomes of inputs that the model does not know by the request's protocol, where it says so. The endpoint's configuration goes first. */
  readonly unknownInputs?: UnknownInputs;
  /** Asks for the version that bears a label, such as `stable`. */
  readonly label?: string;
  /** 1 goes first; 0, or absent, is the usual priority, behind all others. */
  readonly priority?: number;
  /** Milliseconds after which nobody wants the answer any more, from now on. */
  readonly timeoutMs?: number;
  /** Aborted when the client has gone; asked for only where somebody waits for that, as a signal costs more than a small request. */
  readonly signal?: () => AbortSignal;
  /** The header (or gRPC metadata) of that lower-case name, for traffic rules. */
  readonly header?: (name: string) => string | undefined;
  /** The parameters of the request, for traffic rules and for models that take some. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** Names of the outputs wanted; all when absent. */
  readonly outputs?: readonly string[];
}

export interface InferenceAnswer {
  readonly endpoint: string;
  readonly version: string;
  readonly variant: string;
  /** The variant that was picked and failed, was overloaded or late, where another answers in its place. */
  readonly fallbackFrom?: string;
  readonly model: Model;
  readonly outputs: readonly Tensor[];
  /** Names of inputs that were left out, as the model does not know them. */
  readonly ignored?: readonly string[];
  /** How many categories the model does not know, and took for missing, by input. */
  readonly unseen?: ReadonlyMap<string, number>;
}
