import { pino, type Logger } from "pino";

export type { Logger };

/** Structured log lines on standard error (standard output belongs to what a command prints). */
export function openLog(level: string, name: string): Logger {
  return pino({ level, name, base: { name } }, pino.destination({ fd: 2, sync: true }));
}
