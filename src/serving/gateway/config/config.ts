import type { LoadOptions } from "../runtimes/runtime.ts";
import type { UnknownInputs } from "../tensors/bind.ts";
import type { BatchConfig, LogConfig } from "./batch-config.ts";

/** What the control plane tells the gateway: written whole to `<home>/gateway/config.json`, then `POST /_millrace/reload`. */
export interface GatewayConfig {
  /** Grows by one with each change; the gateway reports the one it serves. */
  readonly revision: number;
  readonly endpoints: readonly EndpointConfig[];
  /** Endpoints that cannot be said now, as their models cannot be brought here, and why: they go on as they are, where they are served. */
  readonly withheld?: Readonly<Record<string, string>>;
}

/** One model name as clients address it (`/v2/models/{name}`), and who answers for it. */
export interface EndpointConfig extends TrafficRules {
  readonly name: string;
  /** Mixed into the hash that assigns a request to a variant, so that two rollouts do not pick the same users. */
  readonly salt: string;
  readonly variants: readonly VariantConfig[];
  readonly log?: LogConfig;
  /** What becomes of inputs that no variant knows. When absent, models with a signature of named columns leave them out, others refuse them. */
  readonly unknownInputs?: UnknownInputs;
  /** Versions by the label that clients ask for, `{ stable: "3" }`. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface VariantConfig {
  /** The role in this deployment: `champion`, `challenger`. */
  readonly name: string;
  /** The model version that answers. */
  readonly version: string;
  /** Where the model is: the absolute path of a file or folder, or a URL. */
  readonly location: string;
  /** What the files of the model hold: they are checked before it is loaded, where this is said. */
  readonly content?: ModelContent;
  /** The runtime by its name; found by the location when absent. */
  readonly runtime?: string;
  readonly options?: LoadOptions;
  readonly batching?: BatchConfig;
  /** Stays in memory whatever the memory limit says. */
  readonly pinned?: boolean;
  /** Requests (JSON infer bodies of the Open Inference Protocol) that it must answer before it gets traffic. */
  readonly warmup?: readonly unknown[];
  /** Share of the traffic, 0 to 1; the weights of an endpoint sum to 1. */
  readonly weight: number;
  /** Also scores the requests that another variant answers; those answers are logged, never returned. */
  readonly shadow: boolean;
}

/** The SHA-256 (64 hex digits) of each file of a model, by its path in a folder. */
export interface ModelContent {
  /** The absolute path of the folder. */
  readonly folder: string;
  readonly files: Readonly<Record<string, string>>;
}

/** What decides about a request beside the weights. */
export interface TrafficRules {
  /** The first that fits picks the variant; the weights decide about the rest. */
  readonly rules?: readonly RuleConfig[];
  readonly fallback?: FallbackConfig;
  /** Where a request carries what sticks to a variant, unless it says `sticky_key`; its id decides when absent. */
  readonly sticky?: StickyConfig;
}

/** Requests that meet every condition are answered by `variant`. */
export interface RuleConfig {
  readonly if: {
    /** By lower-case name of a header (of gRPC metadata). */
    readonly header?: Readonly<Record<string, MatchConfig>>;
    /** By name of a parameter of the request. */
    readonly parameter?: Readonly<Record<string, MatchConfig>>;
  };
  readonly variant: string;
}

/** A text that a value must equal, begin with, or be one of. */
export type MatchConfig = string | { readonly prefix: string } | { readonly oneOf: readonly string[] };

/** Who answers when the variant that was picked fails with a 5xx, is overloaded or late. */
export interface FallbackConfig {
  /** A variant of this endpoint … */
  readonly variant?: string;
  /** … or another endpoint. */
  readonly endpoint?: string;
  /** Late is what has not answered after so many milliseconds; nothing is when absent. */
  readonly afterMs?: number;
}

/** One of the three. */
export interface StickyConfig {
  readonly header?: string;
  readonly cookie?: string;
  readonly parameter?: string;
}
