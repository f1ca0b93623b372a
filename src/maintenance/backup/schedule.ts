import { execFile } from "node:child_process";
import { join } from "node:path";
import { describeError } from "../../errors.ts";
import type { House } from "../../stage.ts";
import { writeAtomically } from "../../storage/atomic-file.ts";
import { openBackups } from "./backup-store.ts";
import { timeOf } from "./manifest.ts";
import { parseKeep } from "./retention.ts";

/** What a server notes in `<home>/run/backup.json` of the backups that it makes by itself. */
export interface ScheduledBackups {
  readonly target: string;
  readonly everyMs: number;
  /** Why the last one was not made, or is not whole; null when it is. */
  readonly failed: string | null;
}

/** A server looks at least so often whether a backup is due: the clock may have been set. */
const mostMs = 3_600_000;
/** How soon one that failed is tried again, at most. */
const againMs = 600_000;

/**
 * Backs a home up by itself, each time in a process of its own (`program backup …`), so that no request waits for it: when the newest backup in the folder is as old
 * as the settings say. One that fails is logged, told by the doctor, and tried again. Returns how to stop. Throws `maintenance.bad_keep`.
 */
export function startBackups(house: House, program: string): () => Promise<void> {
  const { backup, home, artifacts, database } = house.settings;
  if (backup === null) return () => Promise.resolve();
  parseKeep(backup.keep, "--backup-keep (MILLRACE_BACKUP_KEEP)");
  const stopping = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const note = (failed: string | null): Promise<void> => writeAtomically(join(home, "run"), "backup.json", JSON.stringify({ target: backup.target, everyMs: backup.everyMs, failed } satisfies ScheduledBackups));
  const make = (): Promise<string | null> =>
    new Promise((resolve) => {
      const args = [program, "backup", backup.target, "--home", home, "--artifacts", artifacts, "--keep", backup.keep];
      const env = { ...process.env, ...(database === null ? {} : { MILLRACE_DATABASE: database }), NO_COLOR: "1" };
      execFile(process.execPath, args, { env, signal: stopping.signal, killSignal: "SIGKILL" }, (error, out, said) => resolve(error ? (said.trim() || out.trim() || describeError(error)) : null));
    });
  const turn = async (): Promise<void> => {
    let wait = Math.min(backup.everyMs, againMs);
    try {
      const due = (await newest(backup.target)) + backup.everyMs - house.clock.now();
      if (due > 0) wait = Math.min(due, mostMs);
      else {
        const failed = await make();
        if (stopping.signal.aborted) return;
        if (failed !== null) house.log.error({ target: backup.target }, `the home was not backed up whole into ${backup.target}: ${failed}`);
        else wait = Math.min(backup.everyMs, mostMs);
        await note(failed);
      }
    } catch (error) {
      house.log.error({ err: error }, `the home was not backed up into ${backup.target}: ${describeError(error)}`);
      await note(describeError(error)).catch(() => undefined);
    }
    if (!stopping.signal.aborted) timer = setTimeout(() => void (running = turn()), wait).unref();
  };
  let running = turn();
  return async () => {
    stopping.abort();
    clearTimeout(timer);
    await running;
  };
}

/** The moment of the newest backup of a folder; 0 where there is none. */
async function newest(target: string): Promise<number> {
  const store = await openBackups(target, false).catch(() => undefined);
  const id = (await store?.ids())?.at(-1);
  await store?.close();
  return id === undefined ? 0 : timeOf(id)!;
}
