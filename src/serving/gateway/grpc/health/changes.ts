/** What `read` gives at once, then whenever it has changed when looked at every `ms` milliseconds, and once more when `signal` aborts. */
export async function* changes<T>(read: () => T, ms: number, signal: AbortSignal): AsyncGenerator<T> {
  let wake: () => void = () => undefined;
  const timer = setInterval(() => wake(), ms);
  const end = () => wake();
  signal.addEventListener("abort", end, { once: true });
  try {
    let last = read();
    yield last;
    while (!signal.aborted) {
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (signal.aborted) resolve();
      });
      const now = read();
      if (now === last) continue;
      last = now;
      yield last;
    }
  } finally {
    clearInterval(timer);
    signal.removeEventListener("abort", end);
  }
}
