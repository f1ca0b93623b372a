const longest = 100;

/** A value of a request in a sentence, however large or deep it is: texts are cut, lists and objects only named. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > longest ? `${value.slice(0, longest)}…` : value);
  if (typeof value !== "object" || value === null) return String(value);
  return Array.isArray(value) ? "a list" : "an object";
}
