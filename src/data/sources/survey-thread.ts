import { serveThread } from "../../threads.ts";
import { packedPart, type PackedPart, type SurveyPart } from "./survey-part.ts";

/** Surveys a part of a file on a thread of its own; the cells are handed over. */
serveThread<SurveyPart, PackedPart>(import.meta.url, async (part) => {
  const output = await packedPart(part);
  const transfer = "fault" in output ? [] : output.surveys.flatMap(({ cells }) => [cells?.values, cells?.texts].flatMap((array) => (array ? [array.buffer] : [])));
  return { output, transfer };
});
