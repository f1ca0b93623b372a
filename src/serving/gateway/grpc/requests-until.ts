import type { Readable } from "node:stream";

/** What a client's stream brings until it ends, the client has gone, or `stopping` is aborted. */
export async function* requestsUntil(call: Readable, stopping: AbortSignal): AsyncGenerator {
  const arrived: unknown[] = [];
  let over = stopping.aborted;
  let wake: () => void = () => undefined;
  const end = () => {
    over = true;
    wake();
  };
  call.on("data", (message: unknown) => {
    arrived.push(message);
    call.pause();
    wake();
  });
  for (const event of ["end", "error", "cancelled", "close"]) call.once(event, end);
  stopping.addEventListener("abort", end, { once: true });
  try {
    for (;;) {
      if (arrived.length > 0) {
        yield arrived.shift();
        if (!over) call.resume();
      } else if (over) return;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    stopping.removeEventListener("abort", end);
  }
}
