import { hash } from "node:crypto";

/**
 * A uniform number in [0, 1) that depends on `salt` and `key` alone: the first 48 bits of SHA-256(salt, 0 byte, key).
 * The same key stays with its variant; another salt deals the keys anew.
 */
export function position(salt: string, key: string): number {
  return hash("sha256", `${salt}\0${key}`, "buffer").readUIntBE(0, 6) / 2 ** 48;
}

/**
 * The variant in whose share of the cumulated weights `at` (in [0, 1)) falls. Variants of weight 0 are never picked.
 */
export function pickVariant<T extends { readonly weight: number }>(variants: readonly T[], at: number): T {
  let sum = 0;
  let last = variants[0];
  for (const variant of variants) {
    if (variant.weight === 0) continue;
    sum += variant.weight;
    last = variant;
    if (at < sum) return variant;
  }
  return last; // the weights may sum to a hair less than 1
}
