import type { Random } from "./random.ts";

/** What JSON.stringify cannot write stands in a string between @ and takes its place afterwards. */
const tokens = ["NaN", "-Infinity", "12345678901234567890", "-9223372036854775809", "1e999", "9".repeat(400), `${"[".repeat(5000)}${"]".repeat(5000)}`];

const odd: readonly unknown[] = [
  null, true, false, 0, -0, -1, 1.5, 1e300, 2 ** 31, -(2 ** 31) - 1, 2 ** 40, 2 ** 53, 5e-324, "", "0", "x", "\0", "\ud800", "é🌊", "__proto__", "constructor", "toString", "BYTES", "INT64", "FP16", "BF16", "BOOL",
  [], {}, [[]], [[1], [2, 3]], [null], { length: 3 }, { toString: 1 }, { name: "distance" }, "y".repeat(5000), Array.from({ length: 3000 }, () => 1), ...tokens.map((token) => `@${token}@`),
];

type Holder = Record<string, unknown>;

/** Every place in a JSON value: the object or list that holds it, and its key. */
function places(value: unknown, found: [Holder, string][] = []): [Holder, string][] {
  if (typeof value !== "object" || value === null) return found;
  for (const key of Object.keys(value)) {
    found.push([value as Holder, key]);
    places((value as Holder)[key], found);
  }
  return found;
}

/** JSON with one to three of its values replaced, left out, moved, doubled, wrapped, or renamed. */
export function mutateJson(text: string, random: Random): string {
  const whole: Holder = { whole: JSON.parse(text) as unknown };
  for (let left = 1 + random.below(3); left > 0; left--) {
    const all = places(whole);
    if (all.length === 0) break;
    const [holder, key] = random.pick(all);
    const [from, other] = random.pick(all);
    const changes = [
      () => (holder[key] = structuredClone(random.pick(odd))),
      () => (holder[key] = structuredClone(random.pick(odd))),
      () => (Array.isArray(holder) ? holder.splice(Number(key), 1) : delete holder[key]),
      () => (Array.isArray(holder) ? holder.push(structuredClone(holder[Number(key)])) : (holder[random.pick(["", "x", "__proto__", "toString", "0", "name", "shape", "data"])] = structuredClone(holder[key]))),
      () => (holder[key] = structuredClone(from[other])),
      () => (holder[key] = [holder[key]]),
      () => (holder[key] = { [random.pick(["name", "data", "__proto__", "0"])]: holder[key] }),
    ];
    random.pick(changes)();
  }
  return (JSON.stringify(whole["whole"]) ?? "").replace(/"@([^"@]*)@"/g, "$1");
}

const magic = [0, 1, 0x7f, 0x80, 0xff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

/** Bytes with one to four flips, cuts, insertions, repetitions, or numbers put over them. */
export function mutateBytes(bytes: Uint8Array, random: Random): Buffer {
  let changed = Buffer.from(bytes);
  for (let left = 1 + random.below(4); left > 0; left--) {
    const at = random.below(changed.length + 1);
    const length = random.below(Math.min(64, changed.length - at + 1));
    const changes = [
      () => void (at < changed.length && (changed[at] ^= 1 << random.below(8))),
      () => void (at < changed.length && (changed[at] = random.below(256))),
      () => void (at + 4 <= changed.length && changed.writeUInt32LE(random.pick(magic), at)),
      () => void (changed = changed.subarray(0, at)),
      () => void (changed = Buffer.concat([changed.subarray(0, at), changed.subarray(at + length)])),
      () => void (changed = Buffer.concat([changed.subarray(0, at + length), changed.subarray(at)])),
      () => void (changed = Buffer.concat([changed.subarray(0, at), Buffer.from(random.pick(["[", "]", "{", "}", '"', ",", "\\u", "\0", "1e", "-", "\n", "\xff"]), "latin1"), changed.subarray(at)])),
    ];
    random.pick(changes)();
  }
  return changed;
}
