import { expect, test } from "vitest";
import { JobQueue } from "./job-queue.ts";
import type { Job } from "./job-queue.ts";

const job = (priority: number, name: string): Job & { name: string } => ({
  name,
  rows: 1,
  inputs: [],
  shape: "",
  params: undefined,
  priority,
  since: 0,
  deadline: Infinity,
  running: false,
  settled: false,
  timer: undefined,
  resolve: () => undefined,
  reject: () => undefined,
});

const drain = (queue: JobQueue): string[] => {
  const names: string[] = [];
  for (let next = queue.first(); next; next = queue.first()) {
    names.push((next as Job & { name: string }).name);
    queue.shift();
  }
  return names;
};

test("priorities beyond 256 are one, so that clients cannot make levels without end", () => {
  const queue = new JobQueue();
  for (const priority of [0, 2 ** 40, 300, 256, 255, 1]) queue.push(job(priority, String(priority)));
  expect(drain(queue)).toEqual(["1", "255", String(2 ** 40), "300", "256", "0"]);
  const begun = performance.now();
  for (let at = 0; at < 200_000; at++) queue.push(job(at, String(at)));
  expect(drain(queue).length).toBe(200_000);
  expect(performance.now() - begun).toBeLessThan(5000);
});
