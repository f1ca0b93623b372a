import { expect, test } from "vitest";
import { BatchDelay } from "./batch-delay.ts";

interface World {
  /** Milliseconds of a run of so many requests. */
  readonly run: (requests: number) => number;
  /** When the next requests come, given when others were answered. */
  readonly next: (answeredAt: number) => number;
  readonly first: readonly number[];
}

/** Random numbers from 0 to 1, the same each time. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Runs one instance for `milliseconds` of the world's time by what `delay` says; answers with the mean time of a request and their number, both of the second half. */
function simulate(world: World, delay: Pick<BatchDelay, "ms" | "enough" | "ran">, milliseconds: number) {
  let arrivals = [...world.first].toSorted((a, b) => a - b);
  let now = 0;
  let answered = 0;
  let total = 0;
  while (now < milliseconds) {
    // The batch starts when enough have come, or the wait is over; earlier than the first it cannot.
    const until = Math.max(now, arrivals[0]) + delay.ms;
    let count = 1;
    while (count < arrivals.length && (arrivals[count] <= Math.max(now, arrivals[0]) || (arrivals[count] <= until && delay.ms > 0 && !delay.enough(count)))) count++;
    const start = delay.ms === 0 || delay.enough(count) ? Math.max(now, arrivals[count - 1]) : until;
    const batch = arrivals.slice(0, count);
    const runMs = world.run(count);
    now = start + runMs;
    const sum = batch.reduce((all, since) => all + now - since, 0);
    delay.ran(count, sum, runMs, arrivals.slice(count).filter((at) => at <= now).length);
    arrivals = [...arrivals.slice(count), ...batch.map(() => world.next(now))].toSorted((a, b) => a - b);
    if (now > milliseconds / 2) {
      answered += count;
      total += sum;
    }
  }
  return { mean: total / answered, answered };
}

const never = { ms: 0, enough: () => true, ran: () => undefined };

/** A run that reads 100 MB of weights, whoever asks. */
const heavy = (requests: number) => 3.2 + 0.25 * requests;

test("clients that ask again at once are waited for, and more of them answered", () => {
  const clients = (seed: number): World => {
    const chance = random(seed);
    return { run: heavy, next: (now) => now + 0.2 + chance(), first: Array.from({ length: 16 }, chance) };
  };
  const without = simulate(clients(1), never, 30_000);
  const delay = new BatchDelay();
  const measured = simulate(clients(1), delay, 30_000);
  expect(measured.answered / without.answered).toBeGreaterThan(1.1);
  expect(measured.mean).toBeLessThan(without.mean);
});

test.each([0.2, 0.5, 0.8])("requests that come by chance, at %d of what a run each could do, wait for nobody in vain", (load) => {
  const world = (): World => {
    const chance = random(7);
    let at = 0;
    const next = () => (at += (-Math.log(1 - chance()) * heavy(1)) / load);
    return { run: heavy, next, first: Array.from({ length: 50 }, next) };
  };
  const without = simulate(world(), never, 60_000);
  const measured = simulate(world(), new BatchDelay(), 60_000);
  expect(measured.mean / without.mean).toBeLessThan(1.05);
});

test("a single client never waits, not even after a crowd", () => {
  const delay = new BatchDelay();
  for (let i = 0; i < 2000; i++) delay.ran(32, 32 * (delay.ms > 0 ? 10 : 20), 10, 0);
  expect(delay.ms).toBeGreaterThan(0);
  for (let i = 0; i < 48; i++) delay.ran(1, 5, 5, 0);
  expect(delay.ms).toBe(0);
  expect(delay.enough(1)).toBe(true);
});

test("a delay is never longer than a run, and there is none for runs below the timer's millisecond", () => {
  const delay = new BatchDelay();
  const seen = new Set<number>();
  for (let i = 0; i < 5000; i++) {
    delay.ran(8, 8 * (20 - delay.ms), 5, 0);
    seen.add(delay.ms);
  }
  expect(Math.max(...seen)).toBe(4);
  const fast = new BatchDelay();
  for (let i = 0; i < 5000; i++) {
    fast.ran(8, 8 * (20 - fast.ms), 0.9, 0);
    expect(fast.ms).toBe(0);
  }
});
