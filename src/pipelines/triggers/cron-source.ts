import { formatDuration } from "../../clock.ts";
import { readCron, type CronTimes } from "../../project/cron.ts";
import type { TriggerOn } from "../../project/triggers.ts";
import type { JsonObject } from "../../stage.ts";
import type { Look, Occurrence } from "./types.ts";

type CronOn = Extract<TriggerOn, { readonly kind: "cron" }>;

/** So late a time still counts as kept; a time that is older was missed. */
const graceMs = 60_000;
/** So many missed times are counted; of more it is said that there were more. */
const mostCounted = 4000;

/** Times from now on. */
export const cronBegins = (now: number): JsonObject => ({ after: now });

/** The first time after what was seen. */
export const nextCronTime = (on: CronOn, cursor: JsonObject): number | null => readCron(on.expression, on.zone).next(Number(cursor["after"]));

/** The times that have come since the last look: those of this minute fire, what is older follows the policy for missed times. */
export function lookAtCron(on: CronOn, cursor: JsonObject, now: number): Look {
  const { times, more } = passed(readCron(on.expression, on.zone), Number(cursor["after"]), now);
  if (times.length === 0) return { occurrences: [], cursor };
  const kept = times.filter((time) => now - time <= graceMs);
  return { occurrences: [...madeUp(on, times.slice(0, times.length - kept.length), more, now), ...kept.map((time) => held(on, time))], cursor: { after: now } };
}

/** The times after a moment up to now; of very many the newest, and that there were more. */
function passed({ next }: CronTimes, after: number, now: number): { readonly times: readonly number[]; readonly more: boolean } {
  let times: number[] = [];
  let more = false;
  for (let time = next(after); time !== null && time <= now; time = next(time)) {
    times.push(time);
    const nearer = now - (time - times[0]) / 2;
    if (times.length < mostCounted || nearer <= time) continue;
    [times, more, time] = [[], true, nearer];
  }
  return { times, more };
}

const held = (on: CronOn, time: number, late = ""): Occurrence => ({ cause: "cron", key: `cron ${time}`, lane: "cron", why: `it was ${said(time, on)}${late}`, details: { time } });

function madeUp(on: CronOn, missed: readonly number[], more: boolean, now: number): Occurrence[] {
  const last = missed.at(-1);
  if (last === undefined) return [];
  const times = (count: number): string => `${more ? "more than " : ""}${count} missed ${count === 1 ? "time" : "times"}`;
  const away = (time: number): string => `, ${formatDuration(now - time)} ago, when no server ran`;
  const left = (from: readonly number[], reason: string): Occurrence => {
    const range = from.length > 1 ? `${said(from[0], on)} to ${said(from.at(-1)!, on)}` : said(last, on);
    return { cause: "cron", key: `missed ${from.at(-1)!}`, lane: "cron", why: `${range} passed when no server ran`, skip: reason, details: { times: from.length } };
  };
  if (on.missed === "skip") return [left(missed, `${times(missed.length)} not made up for (missed: skip)`)];
  if (on.missed === "once") return [held(on, last, `${away(last)}; it stands for ${times(missed.length)} (missed: once)`)];
  const [rest, made] = [missed.slice(0, -on.limit), missed.slice(-on.limit)];
  return [
    ...(rest.length > 0 ? [left(rest, `${times(rest.length)} beyond the ${on.limit} newest, which are made up for (missed: all)`)] : []),
    // Each has a lane of its own: none joins another.
    ...made.map((time) => ({ ...held(on, time, `${away(time)} (missed: all)`), lane: `cron ${time}` })),
  ];
}

const said = (time: number, { zone }: CronOn): string =>
  `${new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" }).format(time)} ${zone}`;
