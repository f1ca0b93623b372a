/** What the control plane tells the gateway: written whole to `<home>/gateway/config.json`, then `POST /_millrace/reload`. */
export interface GatewayConfig {
  /** Grows by one with each change; the gateway reports the one it serves. */
  readonly revision: number;
  readonly endpoints: readonly EndpointConfig[];
}

/** One model name as clients address it (`/v2/models/{name}`), and who answers for it. */
export interface EndpointConfig {
  readonly name: string;
  /** Mixed into the hash that assigns a request to a variant, so that two rollouts do not pick the same users. */
  readonly salt: string;
  readonly variants: readonly VariantConfig[];
}

export interface VariantConfig {
  /** The role in this deployment: `champion`, `challenger`. */
  readonly name: string;
  /** The model version that answers. */
  readonly version: string;
  /** Where the model is: the absolute path of a file or folder, or a URL. */
  readonly location: string;
  /** The runtime by its name; found by the location when absent. */
  readonly runtime?: string;
  /** Share of the traffic, 0 to 1; the weights of an endpoint sum to 1. */
  readonly weight: number;
  /** Also scores the requests that another variant answers; those answers are logged, never returned. */
  readonly shadow: boolean;
}
