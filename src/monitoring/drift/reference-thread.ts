import type { Column } from "../../data/types.ts";
import { serveThread } from "../../threads.ts";
import type { FeatureReference } from "../types.ts";
import { referenceOf } from "./reference.ts";

/** Finds where the values of columns lie on a thread of its own. */
serveThread<readonly Column[], FeatureReference[]>(import.meta.url, async (columns) => ({ output: columns.map(referenceOf) }));
