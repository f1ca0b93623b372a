import { Cron } from "croner";

/** The times that an expression names in a zone. */
export interface CronTimes {
  /** The first time after a moment, ms; null when there is none. */
  readonly next: (after: number) => number | null;
}

/**
 * Reads an expression of five parts (minute, hour, day of month, month, day of week) or a name such as `@daily`, in an IANA zone; throws a RangeError that says
 * what is wrong.
 *
 * When clocks go forward, a time that is skipped (02:30 where 02:00 becomes 03:00) is held at the end of the gap if minute and hour are fixed; one of a
 * range or a step (such as every quarter of an hour) is left out, as the times around it are there. When they go back, a fixed time is held once, the first time
 * it comes; a range or a step goes on through both.
 */
export function readCron(expression: string, zone: string): CronTimes {
  try {
    Intl.DateTimeFormat("en", { timeZone: zone });
  } catch {
    throw new RangeError(`${JSON.stringify(zone)} is no time zone of the IANA database, such as Europe/Berlin or UTC`);
  }
  let cron: Cron;
  try {
    cron = new Cron(expression, { timezone: zone, paused: true, mode: "5-part" });
  } catch (error) {
    throw new RangeError(`${JSON.stringify(expression)} is no cron expression of five parts, such as "0 3 * * 1-5": ${(error as Error).message.replace(/^Cron\w*: /, "")}`, { cause: error });
  }
  return { next: (after) => cron.nextRun(new Date(after))?.getTime() ?? null };
}
