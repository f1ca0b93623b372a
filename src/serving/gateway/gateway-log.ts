/**
 * The gateway's own log: JSON lines on stderr in pino's shape. Our own because pino takes 7 MB and 20 ms for the few
 * lines written here.
 */
export interface GatewayLog {
  info(message: string, facts?: Readonly<Record<string, unknown>>): void;
  warn(message: string, facts?: Readonly<Record<string, unknown>>): void;
  error(message: string, facts?: Readonly<Record<string, unknown>>): void;
}

const levels = { info: 30, warn: 40, error: 50 } as const;

/** A log that writes each line with `write`. */
export function createGatewayLog(write: (line: string) => void): GatewayLog {
  const at =
    (level: number) =>
    (msg: string, facts: Readonly<Record<string, unknown>> = {}) =>
      write(`${JSON.stringify({ level, time: Date.now(), pid: process.pid, name: "gateway", ...facts, msg })}\n`);
  return { info: at(levels.info), warn: at(levels.warn), error: at(levels.error) };
}

/** Passes on at most one call per `milliseconds`, with the number of calls left out before it. */
export function atMostEvery<T>(milliseconds: number, act: (value: T, skipped: number) => void): (value: T) => void {
  let last = -Infinity;
  let skipped = 0;
  return (value) => {
    const now = performance.now();
    if (now - last < milliseconds) {
      skipped++;
      return;
    }
    act(value, skipped);
    last = now;
    skipped = 0;
  };
}
