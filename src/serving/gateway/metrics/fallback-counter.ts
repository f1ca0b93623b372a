import type { Deployment } from "../models/deployment.ts";
import type { FallbackReason } from "../traffic/fallback.ts";
import type { MetricsRegistry } from "./metrics.ts";

/** Counts answers by another variant than the one picked. */
export interface FallbackCounter {
  readonly count: (endpoint: string, from: string, to: string, reason: FallbackReason) => void;
  /** Forgets those of which one variant is not served any more. */
  readonly retain: (served: Deployment) => void;
}

export function fallbackCounter(metrics: MetricsRegistry): FallbackCounter {
  const answers = metrics.counter(
    "millrace_fallbacks_total",
    "Answers by another variant than the one picked, by why (failed, overloaded, late).",
    ["endpoint", "from", "to", "reason"],
  );
  return {
    count: (...labels) => answers(...labels).add(1),
    retain: ({ endpoints }) =>
      answers.retain(([name, from, to]) => {
        const endpoint = endpoints.get(name);
        const spare = endpoint?.fallback && (endpoint.fallback.endpoint === undefined ? endpoint : endpoints.get(endpoint.fallback.endpoint));
        return endpoint?.variants.some((variant) => variant.name === from) === true && spare?.variants.some((variant) => variant.name === to) === true;
      }),
  };
}
