import type { Random } from "../../src/training/random.ts";

type Value = number | string | null;

/** A stream of one feature on days: what drift is asked of. */
export interface MadeStream {
  readonly name: string;
  /** Days of the reference; days of a window; rows a day; windows after the reference. */
  readonly history: number;
  readonly window: number;
  readonly perDay: number;
  readonly windows: number;
  /** The value at a time (ms), asked for in order of time. */
  readonly process: (random: Random) => (time: number) => Value;
  /** What is changed to see whether it is seen (`changes`). */
  readonly change?: string;
  /** Drawn so many times less often. */
  readonly cost?: number;
}

const day = 86_400_000;
const normal = (random: Random): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A level that changes every `step` ms and remembers itself: AR(1) of variance 1. */
function level(random: Random, memory: number, step = day): (time: number) => number {
  let [at, value] = [Number.NEGATIVE_INFINITY, normal(random)];
  return (time) => {
    const now = Math.floor(time / step);
    if (at === Number.NEGATIVE_INFINITY) at = now;
    for (; at < now; at++) value = memory * value + Math.sqrt(1 - memory ** 2) * normal(random);
    return value;
  };
}

const wave = (time: number, period: number): number => Math.sin((2 * Math.PI * time) / period);
const year = 365.2425 * day;

const usual = { history: 56, window: 7, perDay: 24, windows: 12 };

export const streams: readonly MadeStream[] = [
  { ...usual, name: "normal", process: (random) => () => normal(random), change: "half a standard deviation more" },
  { ...usual, name: "normal, windows of a day", window: 1, process: (random) => () => normal(random), change: "half a standard deviation more" },
  { ...usual, name: "normal, few rows", history: 100, perDay: 3, process: (random) => () => normal(random), change: "half a standard deviation more" },
  { ...usual, name: "7 levels, ties", process: (random) => () => Math.floor(random() ** 2 * 7), change: "two levels swapped" },
  { ...usual, name: "45 categories", process: (random) => () => `c${Math.floor(random() ** 2 * 45)}`, perDay: 17, change: "two categories swapped" },
  { ...usual, name: "a flag, 95 % ones", process: (random) => () => (random() < 0.95 ? 1 : 0), change: "zeros alone" },
  { ...usual, name: "zeros and a tail", process: (random) => () => (random() < 0.3 ? 0 : Math.exp(normal(random))), change: "zeros become -999" },
  { ...usual, name: "a tenth missing", process: (random) => () => (random() < 0.1 ? null : normal(random)), change: "half a standard deviation more" },
  { ...usual, name: "a level of the day, memory 0.5", process: (random) => { const at = level(random, 0.5); return (time) => at(time) + normal(random); }, change: "three standard deviations more" },
  { ...usual, name: "a level of the day, memory 0.8", process: (random) => { const at = level(random, 0.8); return (time) => at(time) + normal(random); }, change: "three standard deviations more" },
  { ...usual, name: "the same, windows of a day", window: 1, process: (random) => { const at = level(random, 0.8); return (time) => at(time) + normal(random); }, change: "three standard deviations more" },
  { ...usual, name: "the same, a reference of half a year", history: 182, process: (random) => { const at = level(random, 0.8); return (time) => at(time) + normal(random); }, change: "three standard deviations more" },
  { ...usual, name: "a level of the week", history: 182, process: (random) => { const at = level(random, 0, 7 * day); return (time) => at(time) + normal(random); }, change: "three standard deviations more" },
  { ...usual, name: "a flag of whole days, 5 %", history: 182, process: (random) => { const at = level(random, 0); return (time) => (at(time) > 1.645 ? 1 : 0); }, change: "ones alone" },
  { ...usual, name: "day and night, windows of 6 h", window: 0.25, perDay: 240, windows: 40, process: (random) => (time) => 2 * wave(time, day) + normal(random), change: "half a standard deviation more", cost: 4 },
  { ...usual, name: "day and night, windows of 1 h", window: 1 / 24, perDay: 1200, history: 28, windows: 60, process: (random) => (time) => 2 * wave(time, day) + normal(random), change: "half a standard deviation more", cost: 10 },
  { ...usual, name: "weekends, windows of a day", window: 1, perDay: 100, windows: 28, process: (random) => (time) => (Math.floor(time / day) % 7 < 2 ? 2 : 0) + normal(random), change: "half a standard deviation more", cost: 4 },
  { ...usual, name: "weekends by the hour, windows of 6 h", window: 0.25, perDay: 240, windows: 60, process: (random) => (time) => (Math.floor(time / day) % 7 < 2 ? 2 : wave(time, day)) + normal(random), change: "half a standard deviation more", cost: 8 },
  { ...usual, name: "a year and weather, 8 weeks known", windows: 48, process: (random) => { const at = level(random, 0.7); return (time) => 3 * wave(time, year) + 0.7 * at(time) + 0.5 * normal(random); }, change: "-999", cost: 2 },
  { ...usual, name: "the same, half a year known", history: 182, windows: 48, process: (random) => { const at = level(random, 0.7); return (time) => 3 * wave(time, year) + 0.7 * at(time) + 0.5 * normal(random); }, change: "-999", cost: 4 },
  { ...usual, name: "the same, a year known", history: 366, windows: 52, process: (random) => { const at = level(random, 0.7); return (time) => 3 * wave(time, year) + 0.7 * at(time) + 0.5 * normal(random); }, change: "three standard deviations more", cost: 4 },
  { ...usual, name: "the same, two years known", history: 731, windows: 52, process: (random) => { const at = level(random, 0.7); return (time) => 3 * wave(time, year) + 0.7 * at(time) + 0.5 * normal(random); }, change: "three standard deviations more", cost: 8 },
  { ...usual, name: "a year, day and weather, two years known, windows of 6 h", history: 731, window: 0.25, perDay: 96, windows: 200, process: (random) => { const at = level(random, 0.7); return (time) => 3 * wave(time, year) + wave(time, day) + 0.7 * at(time) + 0.5 * normal(random); }, change: "three standard deviations more", cost: 40 },
];

/** Changes of a stream's values. */
export const changes: Readonly<Record<string, (value: Value, random: Random) => Value>> = {
  "half a standard deviation more": (value) => (value === null ? null : Number(value) + 0.5),
  "three standard deviations more": (value) => (value === null ? null : Number(value) + 4.2),
  "two levels swapped": (value) => (value === 0 ? 6 : value === 6 ? 0 : value),
  "two categories swapped": (value) => (value === "c0" ? "c44" : value === "c44" ? "c0" : value),
  "zeros alone": () => 0,
  "ones alone": () => 1,
  "zeros become -999": (value) => (value === 0 ? -999 : value),
  "-999": () => -999,
};
