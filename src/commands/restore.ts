import { resolve } from "node:path";
import type { Command } from "../cli/command.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { resolveSettings } from "../config.ts";
import { houseMigrations } from "../house-migrations.ts";
import { artifactsOption, megabytes } from "./home-options.ts";

export const restoreCommand: Command = {
  name: "restore",
  summary: "Makes a home again from a backup, as it was at a moment, into a folder that is new or empty; every file is checked",
  example: "millrace restore /mnt/backups/mill --home ./restored --at 2026-11-30T16:05Z",
  arguments: { "<source>": "the folder or the file of `millrace backup`" },
  options: {
    "--at <time>": "the newest backup that is not later, a moment (2026-11-30T16:05Z) or a backup's name (the newest)",
    "--database <url>": "the empty PostgreSQL database for a backup that came from one (MILLRACE_DATABASE)",
    ...artifactsOption,
  },
  run: async ({ settings }, [source], options) => {
    const [{ openBackups }, { restore }, { stages }] = await Promise.all([import("../maintenance/backup/backup-store.ts"), import("../maintenance/backup/restore.ts"), import("../stages.ts")]);
    process.umask(0o077);
    const store = await openBackups(resolve(source), false);
    try {
      const done = await restore(resolveSettings(settings, process.env), store, options["at"] as string | undefined, houseMigrations(stages));
      const lines = [
        ...done.missing.map((what) => `was not in the backup: ${what}`),
        `Restored ${done.home} as it was at ${new Date(done.time).toISOString()}: ${done.contents} files, ${megabytes(done.bytes)}. Start it with \`millrace up --home ${done.home}\`.`,
      ];
      return { data: done, text: lines.join("\n"), exitCode: done.missing.length > 0 ? exitCodes.refused : exitCodes.ok };
    } finally {
      await store.close();
    }
  },
};
