import { describe, expect, test } from "vitest";
import { seededRandom, type Random } from "../../training/random.ts";
import type { FeatureReference } from "../types.ts";
import { compareWindow, judgeFeatures, windowBefore } from "./compare-window.ts";
import { slotOf } from "./cycles.ts";
import { referenceInTime } from "./reference-in-time.ts";
import { codesOf } from "./reference.ts";

const day = 86_400_000;
const start = Date.UTC(2023, 2, 1);
const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

type Process = (random: Random) => (time: number) => number;

/** A level that changes from day to day and remembers itself, beside noise. */
const weather: Process = (random) => {
  let [at, level] = [0, 0];
  return (time) => {
    for (; at < Math.floor(time / day); at = Math.max(at + 1, Math.floor(time / day) - 50)) level = 0.7 * level + 0.7 * normal(random);
    return level + 0.5 * normal(random);
  };
};
const wave = (time: number, period: number): number => Math.sin((2 * Math.PI * time) / period);
const processes = {
  noise: (random) => () => normal(random),
  weather,
  hours: (random) => (time) => 2 * wave(time, day) + normal(random),
  weekends: (random) => (time) => (Math.floor(time / day) % 7 < 2 ? 3 : 0) + normal(random),
  year: (random) => {
    const of = weather(random);
    return (time) => 3 * wave(time, 365.2425 * day) + of(time);
  },
} satisfies Record<string, Process>;

interface World {
  readonly reference: FeatureReference;
  readonly rows: number;
  readonly until: number;
  /** The values of the next window. */
  readonly next: () => { readonly times: Float64Array; readonly values: Float64Array; readonly from: number };
}

function world(process: Process, { days, window, perDay, seed }: { days: number; window: number; perDay: number; seed: number }): World {
  const random = seededRandom(seed);
  const value = process(random);
  const stretch = (from: number, length: number) => {
    const times = Float64Array.from({ length: Math.round(length * perDay) }, (_, row) => from + Math.floor(((row + 0.5) * day) / perDay));
    return { times, values: times.map((time) => value(time)), from };
  };
  const { times, values } = stretch(start, days);
  let end = start + days * day;
  return {
    reference: referenceInTime({ name: "x", type: "number", values }, { times, window: window * day, resolution: 1 }),
    rows: values.length,
    until: end,
    next: () => {
      const found = stretch(end, window);
      end += window * day;
      return found;
    },
  };
}

/** The verdict on a window, and what it counted. */
function judge({ reference, rows }: World, { times, values, from }: ReturnType<World["next"]>, before: readonly number[] | undefined) {
  const counts = Array.from({ length: reference.shares.length }, () => 0);
  const mix = new Map<number, number>();
  for (const [row, code] of codesOf({ name: "x", type: "number", values }, reference).entries()) {
    counts[code]++;
    const slot = slotOf(reference.time?.cycles ?? [], times[row]);
    mix.set(slot, (mix.get(slot) ?? 0) + 1);
  }
  const known = before ?? windowBefore(reference, { from, until: from + (times.at(-1)! - times[0]) }, undefined, 1);
  const [verdict] = judgeFeatures({ method: "psi", threshold: 0.2, window: 0, share: 0.5, exclude: [], minRows: 1 }, [compareWindow("psi", reference, rows, { counts, missing: 0, unseen: 0, mix, beyond: 0, before: known })]);
  return { verdict, counts: [...counts, 0, 0] };
}

describe("what time does to a column", () => {
  test.each<[string, Process, { days: number; window: number; perDay: number }, readonly string[], boolean]>([
    ["rows of their own", processes.noise, { days: 56, window: 7, perDay: 24 }, [], false],
    ["hours, in windows of six", processes.hours, { days: 28, window: 0.25, perDay: 96 }, ["hour"], false],
    ["hours, in windows of whole days", processes.hours, { days: 28, window: 1, perDay: 96 }, [], false],
    ["weekends, in windows of a day", processes.weekends, { days: 56, window: 1, perDay: 50 }, ["weekday"], false],
    ["weekends, in windows of a week", processes.weekends, { days: 56, window: 7, perDay: 50 }, [], false],
    ["weather, of eight weeks", processes.weather, { days: 56, window: 7, perDay: 24 }, [], true],
    ["weather, of forty weeks", processes.weather, { days: 280, window: 7, perDay: 24 }, [], false],
    ["a year, of eight weeks", processes.year, { days: 56, window: 7, perDay: 24 }, [], true],
    ["a year, of forty weeks", processes.year, { days: 280, window: 7, perDay: 24 }, [], true],
    ["a year, of a year", processes.year, { days: 366, window: 7, perDay: 24 }, ["year"], false],
    ["a year, of three", processes.year, { days: 1096, window: 7, perDay: 24 }, ["year"], false],
  ])("%s", (_, process, options, cycles, unsettled) => {
    const { time } = world(process, { ...options, seed: 11 }).reference;
    expect(time).toMatchObject({ cycles, unsettled: unsettled ? { until: expect.any(Number) as number } : null });
  });

  test("without times, or with times of few rows, nothing is known", () => {
    const values = Float64Array.from({ length: 100 }, (_, row) => row);
    const times = values.map((row) => (row < 15 ? Number.NaN : row));
    expect(referenceInTime({ name: "x", type: "number", values }, undefined).time).toBeUndefined();
    expect(referenceInTime({ name: "x", type: "number", values }, { times, window: 10, resolution: 1 }).time).toBeUndefined();
    expect(referenceInTime({ name: "x", type: "number", values: values.slice(0, 40) }, { times: values.slice(0, 40), window: 10, resolution: 1 }).time).toEqual({ cycles: [], slots: [], spread: null, unsettled: null });
  });
});

// The rates of docs/rooms/monitoring.md are measured on more: bench/monitoring/drift-rates.ts.
describe("windows in which nothing changed drift in no more than one of a hundred, those in which something did are seen", () => {
  test.each<[string, Process, { days: number; window: number; perDay: number }, number, number]>([
    ["rows of their own", processes.noise, { days: 56, window: 7, perDay: 24 }, 0.5, 0.7],
    ["hours, in windows of six", processes.hours, { days: 28, window: 0.25, perDay: 400 }, 0.6, 0.5],
    ["weekends, in windows of a day", processes.weekends, { days: 56, window: 1, perDay: 100 }, 0.6, 0.6],
    ["weather, of forty weeks", processes.weather, { days: 280, window: 7, perDay: 24 }, 4, 0.8],
    ["a year, of eight weeks", processes.year, { days: 56, window: 7, perDay: 24 }, 12, 0.1],
    ["a year, of a year", processes.year, { days: 366, window: 7, perDay: 24 }, 4, 0.5],
  ])("%s", (_, process, options, shift, power) => {
    let [windows, drifted, changed, seen] = [0, 0, 0, 0];
    for (let seed = 1; seed <= 20; seed++) {
      const one = world(process, { ...options, seed });
      let before: readonly number[] | undefined;
      for (let n = 0; n < 25; n++) {
        const window = one.next();
        if (n === 3) {
          changed++;
          if (judge(one, { ...window, values: window.values.map((value) => value + shift) }, before).verdict.drifted) seen++;
        }
        const found = judge(one, window, before);
        before = found.counts;
        windows++;
        if (found.verdict.drifted) drifted++;
      }
    }
    // 500 windows at a rate of 0.01: more than 12 come in one of a hundred runs.
    expect(drifted / windows).toBeLessThanOrEqual(0.024);
    expect(seen / changed).toBeGreaterThanOrEqual(power);
  });
});
