import type { RowsStatus } from "./gateway/gateway-status.ts";
import type { BatchingInForce } from "./gateway/config/batch-config.ts";
import type { TrafficRules } from "./gateway/config/config.ts";
import type { ServingSettings } from "./serving-settings.ts";

/** One answerer of a deployment: a model version in a role. */
export interface Variant {
  /** `champion` or `challenger`. */
  readonly name: string;
  readonly version: number;
  /** Share of the traffic, 0 to 1. */
  readonly weight: number;
  /** Also scores what the others answer; logged, never returned. */
  readonly shadow: boolean;
}

/** Who answers for a registered model, under which share of the traffic. */
export interface Deployment {
  /** The name clients call: that of the registered model. */
  readonly endpoint: string;
  readonly salt: string;
  readonly updatedAt: number;
  readonly reason: string;
  readonly variants: readonly Variant[];
  /** Rules, fallback and what sticks, beside the shares. */
  readonly traffic: TrafficRules;
  /** What was set of how it is served; the gateway's defaults hold for the rest. */
  readonly settings: ServingSettings;
}

/** That a deployment was taken away. */
export interface Removal {
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly actor: string;
  readonly reason: string;
}

export interface VariantTraffic extends Variant {
  readonly requests: number;
  readonly errors: number;
  /** Milliseconds. */
  readonly latency: { readonly p50: number; readonly p99: number } | null;
  /** What the gateway knows of its rows; null while it does not serve it. */
  readonly rows: RowsStatus | null;
  /** What there is to know of how the gateway runs it, as sentences. */
  readonly remarks: readonly string[];
}

export interface DeploymentStatus extends Omit<Deployment, "variants"> {
  readonly variants: readonly VariantTraffic[];
  /** Where predictions are answered, `…/v2/models/<endpoint>/infer`. */
  readonly url: string;
  readonly ready: boolean;
  /** Why the gateway serves something else than what is deployed; null when it does not. */
  readonly refusal: string | null;
  /** How the gateway serves it now, defaults and all; null while it does not. */
  readonly inForce: { readonly batching: BatchingInForce; readonly logShare: number; readonly pinned: boolean } | null;
}
