import { createHash } from "node:crypto";
import { isCells } from "./input.ts";
import type { Input } from "./input.ts";
import { rawBytes } from "./raw.ts";

const asText = (_: string, value: unknown): unknown => (typeof value === "bigint" ? `${value}n` : value);

/** JSON of what came; of lists so deep that they cannot be written, and which no model takes, nothing. */
export function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value, asText) ?? "";
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return "";
  }
}

/** A digest of what came with a request: the same inputs, in the same form, have the same one. */
export function inputsDigest(inputs: readonly Input[]): string {
  const hash = createHash("sha256");
  for (const input of inputs) {
    hash.update(`${JSON.stringify([input.name, input.shape])}\0`);
    hash.update(isCells(input) ? jsonOf(input.value) : rawBytes(input.data));
  }
  return hash.digest("base64url");
}
