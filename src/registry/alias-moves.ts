import type { Database } from "../storage/database.ts";
import { registryTables } from "./store.ts";

/** A step in an alias's life. */
export interface AliasMove {
  readonly alias: string;
  readonly kind: "moved" | "rolled_back" | "removed";
  /** Null when it was removed. */
  readonly version: number | null;
  readonly time: number;
  readonly actor: string;
  readonly reason: string;
}

/** Notes a step; call it in the transaction that makes it. */
export async function recordMove(transaction: Database, modelId: number, { alias, kind, version, time, actor, reason }: AliasMove): Promise<void> {
  await registryTables(transaction).insertInto("alias_moves").values({ model_id: modelId, alias, kind, version, time, actor, reason }).execute();
}

/** The steps of one alias of a model, or of all, oldest first. */
export async function readMoves(db: Database, modelId: number, alias?: string): Promise<AliasMove[]> {
  let query = registryTables(db).selectFrom("alias_moves").select(["alias", "kind", "version", "time", "actor", "reason"]).where("model_id", "=", modelId).orderBy("id");
  if (alias !== undefined) query = query.where("alias", "=", alias);
  return query.execute();
}

/**
 * Where an alias pointed before where it points now (null: nowhere), newest first: each move lays a place on top, each rollback takes those above its own off, so that
 * rolling back twice leads two places back and not forth again.
 */
export function placesBefore(moves: readonly AliasMove[], current: number | null): (number | null)[] {
  const places: (number | null)[] = [];
  for (const { kind, version } of moves) {
    const known = kind === "rolled_back" ? places.lastIndexOf(version) : -1;
    if (known >= 0) places.length = known + 1;
    else if (places.at(-1) !== version) places.push(version);
  }
  if (places.at(-1) === current) places.pop();
  return places.reverse();
}
