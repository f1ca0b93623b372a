import type { Database } from "../../storage/database.ts";
import { insertRows } from "../../storage/insert-rows.ts";

/** A tag or a piece of metadata: of which trace, key, value. */
export type Pair = readonly [traceId: string, key: string, value: string];

const columns = ["trace_id", "key", "value"] as const;

/** Sets them, over those that are there. */
export const setPairs = async (db: Database, table: "trace_tags" | "trace_metadata", pairs: readonly Pair[]): Promise<void> =>
  insertRows(db, table, columns, pairs, "on conflict (trace_id, key) do update set value = excluded.value");

/** Adds them, and leaves those that are there. */
export const addPairs = async (db: Database, table: "trace_tags" | "trace_metadata", pairs: readonly Pair[]): Promise<void> =>
  insertRows(db, table, columns, pairs, "on conflict (trace_id, key) do nothing");

/** The tags or metadata of one trace as pairs. */
export const pairsOf = (id: string, values: Readonly<Record<string, string>>): Pair[] => Object.entries(values).map(([key, value]): Pair => [id, key, value]);
