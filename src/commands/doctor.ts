import { resolve } from "node:path";
import { hashFile } from "../checked-file.ts";
import type { Command } from "../cli/command.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { systemClock } from "../clock.ts";
import { resolveSettings } from "../config.ts";
import { houseMigrations } from "../house-migrations.ts";
import type { BackupStore } from "../maintenance/backup/backup-store.ts";
import { keepPrivate } from "../storage/home-folder.ts";
import { artifactsOption, databaseOption } from "./home-options.ts";

export const doctorCommand: Command = {
  name: "doctor",
  summary: "Looks a home over, running or stopped: database, artifacts, prediction log, gateway, clock, disk, permissions; exits 0 when it is whole, 3 when not",
  example: "millrace doctor --full --home ./mill",
  options: {
    "--full": "read everything: every artifact against its name, every value of the prediction log, every index of the database",
    "--repair": "do what can be done without losing anything; each finding says whether that is so",
    "--from <backup>": "take whole copies of damaged or missing artifacts from this folder of backups",
    ...databaseOption,
    ...artifactsOption,
  },
  run: async ({ settings }, _args, options) => {
    const [{ examine }, { reportText }, { stages }] = await Promise.all([import("../maintenance/doctor/doctor.ts"), import("../maintenance/doctor/report-text.ts"), import("../stages.ts")]);
    const resolved = resolveSettings(settings, process.env);
    keepPrivate(resolved.home, resolved.artifacts);
    const backups = typeof options["from"] === "string" ? await (await import("../maintenance/backup/backup-store.ts")).openBackups(resolve(options["from"]), false) : undefined;
    const copyOf = backups && { copyOf: (sha256: string) => wholeCopy(backups, sha256) };
    const report = await examine(resolved, systemClock, { full: options["full"] === true, repair: options["repair"] === true, rooms: houseMigrations(stages), ...copyOf });
    await backups?.close();
    return { data: report, text: reportText(report), exitCode: report.whole ? exitCodes.ok : exitCodes.refused };
  },
};

/** A content of a backup, where it is there and what its name says. */
async function wholeCopy(backups: BackupStore, sha256: string): Promise<string | undefined> {
  const path = await backups.pathOf(sha256);
  const found = path === undefined ? undefined : await hashFile(path).catch(() => undefined);
  return found?.sha256 === sha256 ? path : undefined;
}
