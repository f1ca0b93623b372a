import type { InferenceAnswer } from "../inference-request.ts";

/** Longer lists of names are cut: clients and proxies take headers of a few kilobytes. */
const mostCharacters = 2000;

/**
 * What an answer tells besides its outputs, as headers (of gRPC, trailing metadata): `x-ignored-inputs: id, cnt`, inputs that were left out, and
 * `x-unseen-categories: city=2`, how many categories the model does not know. Names are percent-encoded, one without characters is `""`; where they are too
 * many, the last entry is `+` and how many more there are.
 */
export function tellings({ ignored, unseen }: InferenceAnswer): Readonly<Record<string, string>> | undefined {
  if (!ignored && !unseen) return undefined;
  return {
    ...(ignored && { "x-ignored-inputs": listed(ignored.map(encoded)) }),
    ...(unseen && { "x-unseen-categories": listed([...unseen].map(([name, count]) => `${encoded(name)}=${count}`)) }),
  };
}

/** `{"city": 2}`: how many categories the model does not know, by input. */
export const unseenJson = ({ unseen }: InferenceAnswer): string => JSON.stringify(Object.fromEntries(unseen ?? []));

/** JSON may name a column by half a character, which has no encoding. */
const encoded = (name: string): string => (name === "" ? '""' : encodeURIComponent(name.toWellFormed()));

function listed(entries: readonly string[]): string {
  let length = 0;
  const fitting = entries.findIndex((entry) => (length += entry.length + 2) > mostCharacters);
  return fitting < 0 ? entries.join(", ") : [...entries.slice(0, fitting), `+${entries.length - fitting}`].join(", ");
}
