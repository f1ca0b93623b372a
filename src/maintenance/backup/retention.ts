import { day, parseDuration } from "../../clock.ts";
import { invalid } from "../../errors.ts";
import { timeOf } from "./manifest.ts";

/** Which backups are kept: as many of the newest, and the newest of so many days, weeks (from Monday), months and years that have one; all of UTC. */
export type Keep = Readonly<Partial<Record<"last" | "hourly" | "daily" | "weekly" | "monthly" | "yearly", number>>> & { /** Milliseconds before the newest. */ readonly within?: number };

const periods: Readonly<Record<string, (time: number) => string>> = {
  hourly: (time) => new Date(time).toISOString().slice(0, 13),
  daily: (time) => new Date(time).toISOString().slice(0, 10),
  // 1970 began on a Thursday.
  weekly: (time) => String(Math.floor((time / day + 3) / 7)),
  monthly: (time) => new Date(time).toISOString().slice(0, 7),
  yearly: (time) => new Date(time).toISOString().slice(0, 4),
};

/** Reads `last=3,daily=7,weekly=4` or `within=30d`. */
export function parseKeep(text: string, option: string): Keep {
  const wrong = (what: string) => invalid("maintenance.bad_keep", `${option} must read like last=3,daily=7,weekly=4,monthly=12 or within=30d; ${what}`);
  const keep: Record<string, number> = {};
  for (const part of text.split(",").map((one) => one.trim())) {
    const [name, value] = part.split("=");
    const number = name === "within" ? parseDuration(value ?? "") : /^\d{1,6}$/.test(value ?? "") ? Number(value) : undefined;
    if (!(name in periods) && name !== "last" && name !== "within") throw wrong(`${JSON.stringify(part)} begins with none of last, hourly, daily, weekly, monthly, yearly and within`);
    if (number === undefined) throw wrong(`${JSON.stringify(part)} has no number${name === "within" ? " with a unit" : ""}`);
    keep[name] = number;
  }
  return keep;
}

/** The backups that a rule gives up; the newest of all never. `ids` come the oldest first. */
export function givenUp(ids: readonly string[], keep: Keep): string[] {
  const newest = ids.toReversed();
  const kept = new Set(newest.slice(0, Math.max(1, keep.last ?? 0)));
  for (const [name, periodOf] of Object.entries(periods)) {
    const seen = new Set<string>();
    for (const id of newest) {
      const period = periodOf(timeOf(id)!);
      if (seen.has(period) || seen.size >= (keep[name as "daily"] ?? 0)) continue;
      seen.add(period);
      kept.add(id);
    }
  }
  if (keep.within !== undefined && newest.length > 0) for (const id of ids) if (timeOf(id)! >= timeOf(newest[0])! - keep.within) kept.add(id);
  return ids.filter((id) => !kept.has(id));
}
