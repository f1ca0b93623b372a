import { hash } from "node:crypto";

/** What `pickVariant` needs to know of a variant. */
export interface Share {
  readonly weight: number;
  /** Of the variant's name, by `seedOf`. */
  readonly seed: number;
}

/** A variant's own number in the hash that deals the keys. */
export const seedOf = (name: string): number => hash("sha256", name, "buffer").readUInt32LE(0);

/**
 * The variant of a key, by weighted rendezvous hashing (Thaler and Ravishankar 1998; weights as in Schindelhauer and
 * Schomaker 2005): every variant draws -ln(u) / weight with a uniform u that depends on salt, key and its name alone,
 * and the least draw wins, which it does with the probability of its weight. So a share that grows takes keys from
 * others and gives none away, one that shrinks the reverse, and all other keys stay where they are, whatever the order
 * of the variants, without a memory. Variants of weight 0 are never picked; another salt deals the keys anew.
 */
export function pickVariant<T extends Share>(variants: readonly T[], salt: string, key: string): T {
  const digest = hash("sha256", `${salt}\0${key}`, "buffer");
  const high = digest.readUInt32LE(0);
  const low = digest.readUInt32LE(4);
  let best = variants[0];
  let least = Infinity;
  for (const variant of variants) {
    if (variant.weight === 0) continue;
    const draw = -Math.log(uniform(high, low, variant.seed)) / variant.weight;
    if (draw >= least) continue;
    least = draw;
    best = variant;
  }
  return best;
}

/** A number in (0, 1) of 53 bits. */
function uniform(high: number, low: number, seed: number): number {
  const upper = mix(high ^ seed);
  const lower = mix(low ^ Math.imul(seed, 0x9e3779b1) ^ upper);
  return (upper * 2 ** 20 + (lower >>> 12) + 0.5) / 2 ** 52;
}

/** MurmurHash3's finalizer: every bit of the input moves every bit of the output. */
function mix(bits: number): number {
  let mixed = bits;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
