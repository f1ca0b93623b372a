import { mkdir, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { House } from "../../stage.ts";
import { namesIn, runFolder } from "./index-files.ts";
import { compareKeys } from "./keys.ts";
import { hasDigest, isShadow, readRunKeys, writeRunFile, type Entries } from "./run-file.ts";

/*
 * The attempts of the index lie in runs: files that are written once, each with what came at one time. Runs of about the same size are merged when there are
 * eight of them (a log-structured merge tree, O'Neil et al. 1996), or every look would cost more with every day of the log. After a crash two runs may hold the
 * same attempt, which says no more than one does.
 */

/** Runs that are merged, at least; bytes of the smallest size and of the largest that merging makes, so that no turn waits for it. */
const [together, smallest, most] = [8, 16_384, 8_388_608];

/** The files of an endpoint's index, oldest first. */
export async function runsOf(house: House, endpoint: string): Promise<string[]> {
  const folder = runFolder(house, endpoint);
  return (await namesIn(folder)).filter((name) => name.endsWith(".run")).toSorted().map((name) => join(folder, name));
}

/** Adds attempts, in any order, as a run, then merges what has become many. */
export async function addRun(house: House, endpoint: string, entries: Entries): Promise<void> {
  await writeRun(house, endpoint, entries);
  for (;;) {
    const many = await manyOfASize(await runsOf(house, endpoint));
    if (many.length === 0) return;
    await writeRun(house, endpoint, joined(await Promise.all(many.map(async (run) => (await readRunKeys(run)).rest()))));
    for (const run of many) await rm(run);
  }
}

async function writeRun(house: House, endpoint: string, entries: Entries): Promise<void> {
  const folder = runFolder(house, endpoint);
  await mkdir(folder, { recursive: true });
  const last = (await runsOf(house, endpoint)).at(-1);
  const path = join(folder, `${String(1 + Number(last?.match(/(\d+)\.run$/)?.[1] ?? 0)).padStart(12, "0")}.run`);
  await writeRunFile(`${path}.tmp`, onceEach(entries));
  await rename(`${path}.tmp`, path);
}

/** Runs of about the same size that are to be merged: the oldest, as many as make no run that is too large; none where they are too few. */
async function manyOfASize(runs: readonly string[]): Promise<string[]> {
  const sizes = await Promise.all(runs.map(async (run) => ({ run, size: (await stat(run)).size })));
  const levels = Map.groupBy(sizes, ({ size }) => Math.max(0, Math.ceil(Math.log(size / smallest) / Math.log(together))));
  for (const level of levels.values()) {
    let sum = 0;
    const some = level.filter(({ size }) => (sum += size) <= most);
    if (some.length >= together) return some.map(({ run }) => run);
  }
  return [];
}

function joined(parts: readonly Entries[]): Entries {
  const all = entriesOf(parts.reduce((sum, { flags }) => sum + flags.length, 0));
  let at = 0;
  for (const { keys, eventTimes, receivedAts, digests, flags } of parts) {
    all.keys.set(keys, 2 * at);
    all.eventTimes.set(eventTimes, at);
    all.receivedAts.set(receivedAts, at);
    all.digests.set(digests, at);
    all.flags.set(flags, at);
    at += flags.length;
  }
  return all;
}

/** Room for `n` attempts. */
export const entriesOf = (n: number): Entries => ({ keys: new Uint32Array(2 * n), eventTimes: new Float64Array(n), receivedAts: new Float64Array(n), digests: new BigInt64Array(n), flags: new Uint8Array(n) });

/** Whether two attempts are of the same row and time. */
const isSameAttempt = (a: Entries, i: number, b: Entries, j: number): boolean =>
  a.eventTimes[i] === b.eventTimes[j] && a.digests[i] === b.digests[j] && (a.flags[i] & hasDigest) === (b.flags[j] & hasDigest);

/** The same attempts in order of key, each once: received when it came first, in the shadow where nobody got an answer of it. */
export function onceEach(entries: Entries): Entries {
  const all = entriesOf(entries.flags.length);
  let n = 0;
  for (const place of inAttemptOrder(entries)) {
    const last = n - 1;
    if (last >= 0 && compareKeys(all.keys, last, entries.keys, place) === 0 && isSameAttempt(all, last, entries, place)) {
      all.receivedAts[last] = Math.min(all.receivedAts[last], entries.receivedAts[place]);
      all.flags[last] &= entries.flags[place] | ~isShadow;
      continue;
    }
    all.keys.set([entries.keys[2 * place], entries.keys[2 * place + 1]], 2 * n);
    all.eventTimes[n] = entries.eventTimes[place];
    all.receivedAts[n] = entries.receivedAts[place];
    all.digests[n] = entries.digests[place];
    all.flags[n] = entries.flags[place];
    n += 1;
  }
  return { keys: all.keys.slice(0, 2 * n), eventTimes: all.eventTimes.slice(0, n), receivedAts: all.receivedAts.slice(0, n), digests: all.digests.slice(0, n), flags: all.flags.slice(0, n) };
}

/** The places of attempts in order of key, then of time and digest: those of one row and time follow each other, however many a key has. */
const inAttemptOrder = ({ keys, eventTimes, digests, flags }: Entries): Uint32Array =>
  Uint32Array.from({ length: flags.length }, (_, place) => place).sort(
    (a, b) => compareKeys(keys, a, keys, b) || eventTimes[a] - eventTimes[b] || Number(digests[a] > digests[b]) - Number(digests[a] < digests[b]) || (flags[a] & hasDigest) - (flags[b] & hasDigest),
  );
