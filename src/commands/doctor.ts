import type { Command } from "../cli/command.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { systemClock } from "../clock.ts";
import { resolveSettings } from "../config.ts";
import { houseMigrations } from "../house-migrations.ts";
import { keepPrivate } from "../storage/home-folder.ts";

export const doctorCommand: Command = {
  name: "doctor",
  summary: "Looks a home over, running or stopped: database, artifacts, prediction log, gateway, clock, disk, permissions; exits 0 when it is whole, 3 when not",
  example: "millrace doctor --full --home ./mill",
  options: {
    "--full": "read everything: every artifact against its name, every value of the prediction log, every index of the database",
    "--repair": "do what can be done without losing anything; each finding says whether that is so",
    "--database <url>": "the PostgreSQL database of the metadata (MILLRACE_DATABASE; SQLite in the home folder)",
    "--artifacts <dir>": "folder of the artifacts (MILLRACE_ARTIFACTS; artifacts in the home folder)",
  },
  run: async ({ settings }, _args, options) => {
    const [{ examine }, { reportText }, { stages }] = await Promise.all([import("../maintenance/doctor/doctor.ts"), import("../maintenance/doctor/report-text.ts"), import("../stages.ts")]);
    const resolved = resolveSettings(settings, process.env);
    keepPrivate(resolved.home, resolved.artifacts);
    const report = await examine(resolved, systemClock, { full: options["full"] === true, repair: options["repair"] === true, rooms: houseMigrations(stages) });
    return { data: report, text: reportText(report), exitCode: report.whole ? exitCodes.ok : exitCodes.refused };
  },
};
