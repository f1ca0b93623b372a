import { MillraceError } from "../errors.ts";
import type { Collector, House } from "../stage.ts";
import { appendAudit } from "./audit.ts";
import type { Database } from "./database.ts";
import { namedDigests } from "./named-digests.ts";
import { lock, transact } from "./transactions.ts";

/** What was collected, or would be. */
export interface Collected {
  readonly dryRun: boolean;
  /** What was deleted before this moment (ms) was collected. */
  readonly before: number;
  /** Kind of thing → how many. */
  readonly removed: Readonly<Record<string, number>>;
  /** Contents of the artifact store that nothing names any more, and their bytes. */
  readonly blobs: { readonly count: number; readonly bytes: number };
}

/** Contents younger than this stay, named or not: what was put may not have been written down yet (an upload, a step that is at work). */
export const youngest = 3_600_000;

/** Thrown to take everything back. */
const onlyLooked = new Error("nothing of a dry run stays");

/**
 * Removes for good what was deleted longer ago than the grace time, room by room from the last to the first, in one transaction; then the contents that
 * nothing names any more (these first where a full disk has no room for the rows). A crash leaves contents without names, which the next collection finds. With `dryRun` everything is done and taken back.
 */
export async function collectGarbage(house: Pick<House, "db" | "blobs" | "clock" | "collectors">, options: { readonly olderThanMs: number; readonly dryRun: boolean; readonly actor: string }): Promise<Collected> {
  const { dryRun, olderThanMs, actor } = options;
  const now = house.clock.now();
  const before = now - olderThanMs;
  const storedBefore = Math.min(before, now - youngest);
  const answer = { dryRun, before };
  let removed: Record<string, number> = {};
  if (dryRun) {
    let blobs = { count: 0, bytes: 0 };
    const looking = transact(house.db, async (transaction) => {
      removed = await collectRows(transaction, house.collectors, before);
      blobs = await sweep(house, transaction, storedBefore, true);
      throw onlyLooked;
    });
    await looking.catch((error: unknown) => {
      if (error !== onlyLooked) throw error;
    });
    return { ...answer, removed, blobs };
  }
  const collect = (): Promise<void> =>
    transact(house.db, async (transaction) => {
      removed = await collectRows(transaction, house.collectors, before);
      await appendAudit(transaction, { time: now, actor, action: "storage.garbage_collected", object: "house", reason: "", details: { before, removed } });
    });
  const first = await collect().then(() => nothing, (error: unknown) => makeRoom(house, storedBefore, error));
  if (first !== nothing) await collect();
  const last = await sweep(house, house.db, storedBefore, false);
  return { ...answer, removed, blobs: { count: first.count + last.count, bytes: first.bytes + last.bytes } };
}

const nothing: Collected["blobs"] = { count: 0, bytes: 0 };

/** On a disk that is full rows cannot be deleted, which takes room; files that have no name already can, and make some. Throws what stopped the rows where that is another reason, or there is no such file. */
async function makeRoom(house: Pick<House, "db" | "blobs">, storedBefore: number, error: unknown): Promise<Collected["blobs"]> {
  if (!(error instanceof MillraceError) || error.code !== "storage.disk_full") throw error;
  const swept = await sweep(house, house.db, storedBefore, false);
  if (swept.count === 0) throw error;
  return swept;
}

async function collectRows(transaction: Database, collectors: readonly Collector[], before: number): Promise<Record<string, number>> {
  await lock(transaction, "storage.garbage");
  const needed = new Set<string>();
  const removed: Record<string, number> = {};
  for (const collector of collectors.toReversed()) {
    for (const [kind, count] of Object.entries((await collector.collect?.(transaction, { before, needed })) ?? {})) removed[kind] = (removed[kind] ?? 0) + count;
    for (const id of (await collector.needs?.(transaction)) ?? []) needed.add(id);
  }
  return removed;
}

/** Lists first and asks for the names then: a content that gets its name in between is seen; one that is put again is young again. */
async function sweep({ blobs }: Pick<House, "blobs">, db: Database, before: number, dryRun: boolean): Promise<{ count: number; bytes: number }> {
  const old: { readonly sha256: string; readonly size: number }[] = [];
  for await (const blob of blobs.list()) if (blob.storedAt < before) old.push(blob);
  const named = await namedDigests(db);
  const swept = { count: 0, bytes: 0 };
  for (const { sha256, size } of old) {
    if (named.has(sha256) || (!dryRun && !(await blobs.remove(sha256, before)))) continue;
    swept.count++;
    swept.bytes += size;
  }
  return swept;
}
