/** Where time comes from; passed in wherever time decides something, so that runs repeat and tests do not sleep. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };

/** A clock that stands still until it is moved. */
export function virtualClock(start: number): Clock & { advanceTo(time: number): void } {
  let time = start;
  return {
    now: () => time,
    advanceTo(next) {
      if (next < time) throw new RangeError(`A clock cannot go back from ${time} to ${next}`);
      time = next;
    },
  };
}

const units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 };

export const day = 86_400_000;

/** A duration such as `90s`, `6h`, `1d`, `2w` in milliseconds; undefined when the text is not one. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text.trim());
  return match ? Number(match[1]) * (units[match[2]!] ?? 0) : undefined;
}

/** Milliseconds as people write them: `850 ms`, `3.2 s`, `2 min 5 s`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
  if (ms < day) return `${Math.floor(ms / 3_600_000)} h ${Math.round((ms % 3_600_000) / 60_000)} min`;
  return `${Math.floor(ms / day)} d ${Math.round((ms % day) / 3_600_000)} h`;
}

/** The UTC date of a moment, `2011-02-26`. */
export const isoDate = (time: number): string => new Date(time).toISOString().slice(0, 10);
