import { invalid } from "../errors.ts";

/** How people name a version of a model: by its number, by an alias, or not at all. */
export interface VersionReference {
  readonly model: string;
  readonly version?: number;
  readonly alias?: string;
}

/** Reads `bike-demand`, `bike-demand/3` or `bike-demand@champion`. Throws `registry.reference_invalid`. */
export function readReference(text: string): VersionReference {
  const match = /^(?:models:\/)?([^/@:]+)(?:\/(\d+)|@([^/@]+))?$/.exec(text.trim());
  if (!match) throw invalid("registry.reference_invalid", `${JSON.stringify(text)} names no version of a model; write bike-demand, bike-demand/3 or bike-demand@champion`);
  const [, model, version, alias] = match;
  return { model, ...(version !== undefined && { version: Number(version) }), ...(alias !== undefined && { alias }) };
}
