import type { Deployment } from "../models/deployment.ts";
import type { MetricsRegistry } from "./metrics.ts";
import type { VariantStats } from "./variant-stats.ts";

/** Counts of categories that models do not know, by the features of their signatures, for the versions that are served now. */
export function addUnseenMetric(metrics: MetricsRegistry, deployment: () => Deployment, stats: (endpoint: string, version: string, variant: string) => VariantStats): void {
  metrics.counters("millrace_unseen_categories_total", "Categories in answered requests that training did not see, taken for missing.", ["endpoint", "version", "feature"], function* () {
    for (const { name, variants } of deployment().endpoints.values()) {
      for (const version of new Set(variants.map((variant) => variant.version))) {
        const counts = new Map<string, number>();
        for (const variant of variants.filter((one) => one.version === version)) {
          const { unseen } = stats(name, version, variant.name);
          for (const { name: feature, known } of variant.held.model.inputs) if (known) counts.set(feature, (counts.get(feature) ?? 0) + (unseen.get(feature) ?? 0));
        }
        for (const [feature, count] of counts) yield [[name, version, feature], count];
      }
    }
  });
}
