import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { formatDuration } from "../../clock.ts";
import { openBackups } from "../backup/backup-store.ts";
import { timeOf } from "../backup/manifest.ts";
import type { ScheduledBackups } from "../backup/schedule.ts";
import type { Exam } from "./exam.ts";

/** The backups that the server makes by itself are made: the last one was whole, and the newest is no older than twice what was asked for. */
export async function checkBackup(exam: Exam): Promise<void> {
  const text = await readFile(join(exam.settings.home, "run", "backup.json"), "utf8").catch(() => undefined);
  if (text === undefined) return;
  const { target, everyMs, failed } = JSON.parse(text) as ScheduledBackups;
  const todo = `Back it up by hand to see what is in the way: millrace backup ${target} --home ${exam.settings.home}`;
  if (failed !== null) exam.find({ check: "backup", severity: "error", what: `The server could not back the home up whole: ${failed}`, where: target, todo });
  const store = await openBackups(target, false).catch(() => undefined);
  const ids = (await store?.ids()) ?? [];
  await store?.close();
  exam.count("backups", ids.length);
  const age = exam.clock.now() - (timeOf(ids.at(-1) ?? "") ?? 0);
  if (failed === null && age > 2 * everyMs) exam.find({ check: "backup", severity: "warning", what: ids.length === 0 ? "There is no backup any more" : `The newest backup is ${formatDuration(age)} old, and one was asked for every ${formatDuration(everyMs)}`, where: target, todo: `Start the server with --backup ${target}, or take run/backup.json away if no more are wanted` });
}
