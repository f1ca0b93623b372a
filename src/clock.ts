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
  return match ? Number(match[1]) * (units[match[2]] ?? 0) : undefined;
}

/** Milliseconds as people write them: `850 ms`, `3.2 s`, `2 min 5 s`, `3 d 4 h`. */
export function formatDuration(ms: number): string {
  // Rounded to the smaller unit first, so that no `1 min 60 s` comes out.
  const [tenths, seconds, minutes, hours] = [100, 1000, 60_000, 3_600_000].map((unit) => Math.round(ms / unit)) as [number, number, number, number];
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  if (tenths < 600) return `${(tenths / 10).toFixed(1)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  if (minutes < 1440) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

/** The UTC date of a moment, `2011-02-26`. */
export const isoDate = (time: number): string => new Date(time).toISOString().slice(0, 10);
