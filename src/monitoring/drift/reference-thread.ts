import type { Column } from "../../data/types.ts";
import { serveThread } from "../../threads.ts";
import type { FeatureReference } from "../types.ts";
import { referenceInTime } from "./reference-in-time.ts";
import type { RowTimes } from "./time-reference.ts";

/** Columns to profile, and when their rows happened. */
export interface ToProfile {
  readonly columns: readonly Column[];
  readonly happened: RowTimes | undefined;
}

/** Finds where the values of columns lie on a thread of its own. */
serveThread<ToProfile, FeatureReference[]>(import.meta.url, async ({ columns, happened }) => ({ output: columns.map((column) => referenceInTime(column, happened)) }));
