import { invalid } from "../../../errors.ts";

const units: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 2 ** 10,
  kib: 2 ** 10,
  kb: 1e3,
  m: 2 ** 20,
  mib: 2 ** 20,
  mb: 1e6,
  g: 2 ** 30,
  gib: 2 ** 30,
  gb: 1e9,
  t: 2 ** 40,
  tib: 2 ** 40,
  tb: 1e12,
};

/** A size in bytes with its unit: `512MiB`, `2GB`, `1.5g` (a lone letter counts as binary). `what` names it in the error. */
export function parseBytes(text: string, what: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
  const factor = Object.hasOwn(units, unit?.toLowerCase() ?? "?") ? units[unit.toLowerCase()] : NaN;
  const bytes = Math.floor(Number(amount) * factor);
  if (bytes > 0) return bytes;
  throw invalid("serving.bad_size", `${what} is "${text}"; it must be a size such as 512MiB or 2GiB.`);
}
