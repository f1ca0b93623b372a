import { invalid } from "../../../errors.ts";
import type { EndpointConfig, VariantConfig } from "../config/config.ts";
import type { ModelConfig } from "../config/models-file.ts";
import { servedVersions, versionIn } from "./find-versions.ts";
import type { FoundVersion } from "./find-versions.ts";

/** The versions of a model that are to be served, of those found, in rising order. */
export function wantedVersions({ versions, unloaded }: ModelConfig, found: readonly FoundVersion[]): readonly FoundVersion[] {
  if (unloaded === true) return [];
  return servedVersions(found, versions).filter(({ version }) => !unloaded?.includes(version));
}

/** The version that answers requests which ask for none. */
export const defaultVersion = (model: ModelConfig, wanted: readonly FoundVersion[]): string | undefined =>
  wanted.find(({ version }) => version === model.default)?.version ?? wanted.at(-1)?.version;

/**
 * A model's versions as an endpoint. Fails when labels, weights, shadows, rules or the fallback name a version that is
 * not served.
 */
export function modelEndpoint(name: string, model: ModelConfig, wanted: readonly FoundVersion[]): EndpointConfig {
  const served = (version: string, what: string) => {
    if (wanted.some((one) => one.version === version)) return version;
    const versions = wanted.map((one) => `"${one.version}"`).join(", ");
    throw invalid("serving.version_missing", `${what} of "${name}" asks for version "${version}", which is not served; there is: ${versions}.`);
  };
  const { labels = {}, weights, shadows = [], rules, fallback, sticky, runtime, options, batching, log, unknownInputs, pinned, warmup, instances } = model;
  for (const [label, version] of Object.entries(labels)) served(version, `The label "${label}"`);
  for (const version of Object.keys(weights ?? {})) served(version, "A weight");
  for (const version of shadows) served(version, "A shadow");
  for (const rule of rules ?? []) served(rule.variant, "A rule");
  if (fallback?.variant !== undefined) served(fallback.variant, "The fallback");
  const main = defaultVersion(model, wanted);
  const variants = wanted.map(({ version, location }): VariantConfig => {
    const count = instances?.[version];
    return {
      name: version,
      version,
      location,
      weight: weights ? (weights[version] ?? 0) : Number(version === main),
      shadow: shadows.includes(version),
      ...(runtime !== undefined && { runtime }),
      ...((options || count !== undefined) && { options: { ...options, ...(count !== undefined && { instances: count }) } }),
      ...(batching && { batching }),
      ...(pinned !== undefined && { pinned }),
      ...(warmup && { warmup }),
    };
  });
  return { name, salt: name, variants, labels, ...(rules && { rules }), ...(fallback && { fallback }), ...(sticky && { sticky }), ...(log && { log }), ...(unknownInputs && { unknownInputs }) };
}

/** The model without what speaks of versions that are not served (any more). */
export function withoutMissing(model: ModelConfig, wanted: readonly FoundVersion[]): ModelConfig {
  const served = (version: string) => wanted.some((one) => one.version === version);
  const { labels, weights, shadows, default: main, ...rest } = model;
  return {
    ...rest,
    ...(labels && { labels: Object.fromEntries(Object.entries(labels).filter(([, version]) => served(version))) }),
    ...(weights && Object.keys(weights).every(served) && { weights }),
    ...(shadows && { shadows: shadows.filter(served) }),
    ...(main !== undefined && served(main) && { default: main }),
  };
}

/** The version of a model that is served now; 400 with those that are. */
export const servedVersion = (wanted: readonly FoundVersion[], version: string): string => versionIn(wanted, version).version;
