import { describeError, MillraceError } from "../../../errors.ts";
import type { InferenceAnswer } from "../inference-request.ts";
import type { HttpAnswer } from "./protocol.ts";
import { tellings } from "./tellings.ts";

/**
 * Answers in parts as server-sent events (HTML Standard, section 9.2): each part an event with JSON as its data. What fails before the first part is a plain
 * failure; what fails later is an event `error`, after which the stream ends.
 */
export async function eventStream(parts: AsyncGenerator<InferenceAnswer>, write: (part: InferenceAnswer) => string): Promise<HttpAnswer> {
  const first = await parts.next();
  return {
    status: 200,
    headers: { "content-type": "text/event-stream", "cache-control": "no-store", "x-accel-buffering": "no", ...(!first.done && tellings(first.value)) },
    body: events(first, parts, write),
  };
}

async function* events(first: IteratorResult<InferenceAnswer, void>, parts: AsyncGenerator<InferenceAnswer>, write: (part: InferenceAnswer) => string): AsyncGenerator<string> {
  try {
    for (let part = first; !part.done; part = await parts.next()) yield `data: ${write(part.value)}\n\n`;
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    yield `event: error\ndata: ${JSON.stringify({ error: describeError(error) })}\n\n`;
  } finally {
    await parts.return(undefined); // the client may have gone
  }
}

/** Whether a client asks for events. */
export const wantsEvents = (accept: string | undefined): boolean => accept !== undefined && /(^|,)\s*text\/event-stream\b/.test(accept);
