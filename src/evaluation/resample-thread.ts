import { serveThread } from "../threads.ts";
import { resampled, type Resampling } from "./resample.ts";
import type { Metrics } from "./types.ts";

/** Draws on a thread of its own. */
serveThread<Resampling, Metrics[][]>(import.meta.url, async (resampling) => ({ output: resampled(resampling) }));
