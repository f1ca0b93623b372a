import type { FeatureSpec } from "../../training/types.ts";

/** A request of the Open Inference Protocol for one row: every feature with a value to replace. */
export const inferRequest = (features: readonly FeatureSpec[]): { readonly inputs: readonly object[] } => ({
  inputs: features.map(({ name, type }) => ({ name, shape: [1, 1], ...(type === "number" ? { datatype: "FP32", data: [0] } : { datatype: "BYTES", data: [type === "timestamp" ? "2024-12-31T14:05:00Z" : ""] }) })),
});

/** A text as one word of a POSIX shell. */
export const shellQuote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The command that sends such a request. */
export const curlCommand = (url: string, features: readonly FeatureSpec[]): string =>
  `curl -s ${shellQuote(url)} \\\n  -H 'content-type: application/json' \\\n  -d ${shellQuote(JSON.stringify(inferRequest(features)))}`;
