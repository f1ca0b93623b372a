/**
 * What a producer makes, handed over in order to one consumer; it works ahead of it by `ahead` things, and waits then. A failure of the producer comes after
 * what it made before; a consumer that leaves ends it at its next `put`.
 */
export async function* handOver<T>(produce: (put: (made: T) => Promise<void>) => Promise<void>, ahead = 2): AsyncGenerator<T> {
  const made: T[] = [];
  let changed = Promise.withResolvers<void>();
  const say = (): void => {
    changed.resolve();
    changed = Promise.withResolvers<void>();
  };
  const work: { state: "open" | "ended" | "left" } = { state: "open" };
  const put = async (one: T): Promise<void> => {
    made.push(one);
    say();
    while (made.length >= ahead && work.state === "open") await changed.promise;
    if (work.state === "left") throw left;
  };
  const working = produce(put).then(
    () => undefined,
    (cause: unknown) => ({ cause }),
  ).finally(() => {
    if (work.state === "open") work.state = "ended";
    say();
  });
  try {
    for (;;) {
      const next = made.shift();
      if (next !== undefined) {
        say();
        yield next;
      } else if (work.state === "ended") break;
      else await changed.promise;
    }
    const failed = await working;
    if (failed) throw failed.cause;
  } finally {
    work.state = "left";
    say();
    await working;
  }
}

const left = new Error("nobody takes what is made any more");
