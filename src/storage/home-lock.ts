import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { writeAtomically } from "./atomic-file.ts";

const lockFile = (home: string): string => join(home, "run", "server.lock");

/** Takes a home for this process, which the system takes back however it ends; returns what gives it back, or undefined where another process has it. */
export async function lockHome(home: string): Promise<(() => Promise<void>) | undefined> {
  const lock = tryLock(lockFile(home));
  if (!lock) return undefined;
  await writeAtomically(join(home, "run"), "server.pid", String(process.pid));
  return async () => lock.close();
}

/** The process that has a home, whether it answers or not: starting, running, stopping, or hanging. */
export async function homeHolder(home: string): Promise<number | undefined> {
  if (!existsSync(lockFile(home))) return undefined;
  const lock = tryLock(lockFile(home));
  lock?.close();
  if (lock) return undefined;
  const pid = Number(await readFile(join(home, "run", "server.pid"), "utf8").catch(() => undefined));
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

/** An exclusive lock on a file, which the system takes back however this process ends; undefined where another has it. Node has no file locks of its own; SQLite's are the system's. */
export function tryLock(path: string): DatabaseSync | undefined {
  const lock = new DatabaseSync(path, { timeout: 0 });
  try {
    lock.exec("begin exclusive");
    return lock;
  } catch (error) {
    lock.close();
    if (/locked|busy/.test((error as Error).message)) return undefined;
    throw error;
  }
}
