import { distance } from "fastest-levenshtein";
import { invalid } from "../errors.ts";
import type { MillraceError } from "../errors.ts";

/** At most three of `names` that could be meant by `wanted`, whatever their case: those that contain it or are at most half its letters away. */
export function nearestNames(wanted: string, names: readonly string[]): string[] {
  const lower = wanted.toLowerCase();
  const away = (name: string): number => (lower !== "" && name !== lower && name.includes(lower) ? 1 : distance(lower, name));
  return names
    .map((name) => ({ name, away: away(name.toLowerCase()) }))
    .filter(({ away }) => away <= Math.ceil(lower.length / 2) && (away < lower.length || away === 0))
    .sort((one, other) => one.away - other.away)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** The error for a column that the table lacks; `role` says what it was wanted for (target, time, feature …). */
export function columnNotFound(wanted: string, names: readonly string[], role: string): MillraceError {
  const nearest = nearestNames(wanted, names);
  const shown = names.length > 20 ? `${names.slice(0, 20).join(", ")}, … (${names.length} in all)` : names.join(", ");
  const help = nearest.length > 0 ? `Did you mean ${nearest.map((name) => `"${name}"`).join(" or ")}?` : `It has ${shown}.`;
  return invalid("data.column_not_found", `The table has no column "${wanted}" (${role}). ${help}`, { column: wanted, role, nearest, columns: names.slice(0, 100) });
}
