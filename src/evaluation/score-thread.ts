import { serveThread } from "../threads.ts";
import { answersOf, type ScoredPart } from "./score-part.ts";

/** Scores rows on a thread of its own. */
serveThread<ScoredPart, Float64Array>(import.meta.url, async (part) => {
  const output = await answersOf(part);
  return { output, transfer: [output.buffer] };
});
