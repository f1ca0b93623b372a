import type { KnownCategories } from "../../../values/known-categories.ts";
import type { Reading } from "../../../values/reading.ts";
import type { GatewayLog } from "../gateway-log.ts";
import type { Datatype, Tensor } from "../tensors/tensor.ts";

/** What a model takes or gives under one name. */
export interface TensorSpec {
  readonly name: string;
  /** As it is announced to clients. */
  readonly datatype: Datatype;
  /** Inputs only: what `run` is given, where that is another datatype. Points in time are announced as BYTES and run as FP64, milliseconds since 1970. */
  readonly fed?: Datatype;
  /** -1 where the model leaves a dimension open. */
  readonly shape: readonly number[];
  /** The model does not even say how many dimensions there are; `shape` is empty then. */
  readonly anyRank?: boolean;
  /** Inputs only: a request may leave it out. */
  readonly optional?: boolean;
  /** Inputs only: how what clients send becomes values, where the model says so; plain numbers and texts as they are otherwise. */
  readonly reading?: Reading;
  /** Of an optional instant: a request that leaves it out means its own time, or the day of it. */
  readonly eventTime?: "DATE" | "TIMESTAMP";
  /** Of a reading of categories: those that the model was trained with, where it says so. */
  readonly known?: KnownCategories;
  /** Inputs only, of a model's only one: the columns of this matrix [rows, columns] in their order, each of shape [-1, 1], where a signature names them. Rows may come by these names. */
  readonly columns?: readonly TensorSpec[];
  /** Inputs only: the encoders of the model right behind its columns, by column (0 of a single one), where the model shows them. */
  readonly encoders?: ReadonlyMap<number, ColumnEncoder>;
  /** Outputs only: the class labels of its columns, where the model shows them. */
  readonly classes?: readonly string[];
}

/** What a model makes of the categories of one column. */
export interface ColumnEncoder {
  /** Texts or integers. */
  readonly known: ReadonlySet<string | number>;
  /** Fails on any other; else another one has a value of its own. */
  readonly strict: boolean;
  /** The category that stands for a missing text; absent where the empty text does, or none. */
  readonly missing?: string;
}

/** What a model takes once for a whole request, beside its inputs: a threshold, the temperature of a language model. */
export interface ParamSpec {
  readonly name: string;
  /** As MLflow names it: `boolean`, `integer`, `long`, `float`, `double`, `string`, `datetime`, or `object`. */
  readonly type: string;
  /** A list of such. */
  readonly list: boolean;
  /** As JSON; used where a request gives none. */
  readonly default: unknown;
}

/** Params by name. */
export type Params = Readonly<Record<string, unknown>>;

/** What goes with one run of a model. */
export interface RunOptions {
  /** Of those that the model names; the model's own where absent. */
  readonly params?: Params;
  /** Aborted when nobody waits for the answer any more: the deadline has passed, or every client has gone. */
  readonly signal?: AbortSignal;
  /** The memory of the inputs is given away with them: nobody else holds it, and it may go to another thread. */
  readonly owned?: boolean;
}

/** A request in a form of the model's own (MLflow's scoring JSON for a pyfunc model), carried as it came. */
export interface NativeRequest {
  readonly contentType: string;
  readonly body: Buffer;
}

export interface NativeAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: Buffer;
  /** The rows that were scored, where they can be told apart: for the prediction log. */
  readonly scored?: { readonly rows: number; readonly inputs: readonly Tensor[]; readonly outputs: readonly Tensor[] };
}

/** A model in memory, whatever it runs on. */
export interface Model {
  /** `<project>_<format>` as the Open Inference Protocol names it. */
  readonly platform: string;
  /** Empty, with `anyInputs`, for a model that does not say. They may become others with the endpoints that it asks. */
  readonly inputs: readonly TensorSpec[];
  readonly outputs: readonly TensorSpec[];
  /** What a request may give in its parameters; absent for a model that takes none. */
  readonly params?: readonly ParamSpec[];
  /** Takes inputs that it does not name. */
  readonly anyInputs?: boolean;
  /** Its inputs are the named columns of a table, of which clients may send others too: they are left out, and told. */
  readonly namedColumns?: boolean;
  /** Class labels in the order of the probabilities, where the model says so. */
  readonly classes: readonly string[] | undefined;
  /** The first dimension of every input and output counts rows: what a row looks like is what follows it. Rows of one request are scored together. */
  readonly rowwise: boolean;
  /**
   * Nothing that a row is answered depends on the others that are scored with it, so that requests may be merged, and a large one be run in parts. Never
   * true where `rowwise` is not.
   */
  readonly independentRows: boolean;
  /** Why its rows are not known to be independent, as a sentence. */
  readonly dependence?: string;
  /** What people should know of how it is run, as sentences. */
  readonly remarks?: readonly string[];
  /** Runs that may be under way at the same time: instances, threads or processes. */
  readonly concurrency: number;
  /** Runs in the I/O thread and blocks it. */
  readonly inline?: boolean;
  /** Cores of this machine that a run keeps busy; 1 when absent, 0 for a model that runs elsewhere. */
  readonly cores?: number;
  /** Bytes in memory that go when the model is released, as measured or estimated. */
  readonly memoryBytes: number;
  /**
   * Answers `inputs`, which are in the order of the model's (optional ones may be absent), with all outputs in theirs.
   * Fails with a MillraceError where the request is at fault, with any other Error where the model is.
   */
  run(inputs: readonly Tensor[], options?: RunOptions): Promise<readonly Tensor[]>;
  /** Answers in parts, where the model can: each a set of outputs. */
  stream?(inputs: readonly Tensor[], options?: RunOptions): AsyncIterable<readonly Tensor[]>;
  /** Answers a request in the model's own form, where it has one. */
  native?(request: NativeRequest, options?: RunOptions): Promise<NativeAnswer>;
  /** Whether it could answer now: false while all its workers are dead, or what it is made of is not there. */
  healthy(): boolean;
  /** What it waits for, as a sentence; undefined when it waits for nothing. It says no inputs and outputs then, and takes any. */
  waitsFor?(): string | undefined;
  /** Names of the endpoints that it asks. */
  readonly endpoints?: readonly string[];
  /** Frees the model; only called when no run is in flight. */
  release(): Promise<void>;
}

/** What the configuration may say to a runtime about one model. */
export interface LoadOptions {
  /** Instances that run side by side; the runtime decides when absent. */
  readonly instances?: number;
  /** Threads within one run; 1 when absent. */
  readonly threads?: number;
  /** The Python interpreter of models that need one; `python3` of the PATH when absent. */
  readonly python?: string;
  /** Longest time in milliseconds that one run may take before its worker is killed; the runtime's own when absent. */
  readonly runTimeoutMs?: number;
  /** Longest time in milliseconds that loading may take. */
  readonly loadTimeoutMs?: number;
  /** The operator's word on rows: true, they are independent whether the model shows it or not, and requests are merged; false, a request is scored as it comes. */
  readonly rowwise?: boolean;
  /** Requests after which a worker process is replaced; never when absent. */
  readonly recycleAfter?: number;
  /** Resident bytes above which a worker process is replaced; never when absent. */
  readonly memoryCapBytes?: number;
}

/** A model of the gateway as another model asks it: through its queue, with its batches. */
export interface StepModel {
  readonly model: Pick<Model, "inputs" | "outputs" | "rowwise" | "independentRows" | "healthy">;
  /** Scores the tensors of one request, as clients would send them; fails as an inference request does. */
  score(tensors: readonly Tensor[]): Promise<readonly Tensor[]>;
}

/** One that is held. */
export interface SharedModel extends StepModel {
  readonly model: Model;
  release(): Promise<void>;
}

/** An endpoint of the gateway, or one version of it. */
export interface EndpointRef {
  readonly endpoint: string;
  readonly version?: string;
  readonly label?: string;
}

/** The endpoints of the gateway as models ask them that are made of others. Nothing is held: they come, change and go. */
export interface Endpoints {
  /** Another object whenever what is served has changed. */
  served(): object;
  /** Who answers for an endpoint, which holds while `served` stays the same. Fails with a sentence when nobody does. */
  step(ref: EndpointRef): StepModel;
}

/** What a runtime may use of the gateway around it. */
export interface LoadContext {
  readonly log: GatewayLog;
  /** Loads a model by its place, or shares it; each needs its release. */
  readonly share: (location: string) => Promise<SharedModel>;
  readonly endpoints: Endpoints;
  /** Makes sure that the files are still what was deployed: before they are opened again later (a thread or process that died). Throws `serving.model_damaged`. */
  readonly check?: () => Promise<void>;
}

/** A way to run models of one format. */
export interface Runtime {
  readonly name: string;
  /** Its models are made of others, and load nothing else. */
  readonly composite?: boolean;
  /** It opens files in a process of their own first, so that damaged ones do no harm. */
  readonly triesApart?: boolean;
  /** Whether a model's place (an absolute path of a file or folder, or a URL) is of this format. */
  accepts(location: string): Promise<boolean>;
  /** Loads a model and tries it; fails with a sentence that names the place. */
  load(location: string, options: LoadOptions, context: LoadContext): Promise<Model>;
}
