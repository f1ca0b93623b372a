import { resolve } from "node:path";
import type { Command } from "../cli/command.ts";
import { exitCodes } from "../cli/exit-codes.ts";
import { table } from "../cli/table.ts";
import { systemClock } from "../clock.ts";
import { resolveSettings } from "../config.ts";
import { artifactsOption, databaseOption, megabytes } from "./home-options.ts";

export const backupCommand: Command = {
  name: "backup",
  summary: "Backs a home up while its server runs or not: database, artifacts, predictions, keys, at one moment; only what is new is written",
  example: "millrace backup /mnt/backups/mill --keep last=3,daily=7,weekly=4",
  arguments: { "<target>": "a folder for any number of backups that share what is the same, or a new file that ends in .tar for one" },
  options: {
    "--keep <rule>": "then forget backups but these: last=N, hourly=N, daily=N, weekly=N, monthly=N, yearly=N, within=30d, several with commas (all are kept)",
    "--list": "only list the backups that are there",
    "--verify": "only read every backup that is there, and compare it with what was written",
    ...databaseOption,
    ...artifactsOption,
  },
  run: async ({ settings }, [target], options) => {
    const [{ openBackups }, { backUp }, { givenUp, parseKeep }, { timeOf }, { verifyBackups }] = await Promise.all([
      import("../maintenance/backup/backup-store.ts"), import("../maintenance/backup/back-up.ts"), import("../maintenance/backup/retention.ts"), import("../maintenance/backup/manifest.ts"), import("../maintenance/backup/verify.ts"),
    ]);
    const keep = typeof options["keep"] === "string" ? parseKeep(options["keep"], "--keep") : undefined;
    const only = options["list"] === true || options["verify"] === true;
    // A backup is its owner's alone, as a home is.
    process.umask(0o077);
    const store = await openBackups(resolve(target), !only);
    try {
      if (options["list"] === true) {
        const ids = await store.ids();
        return { data: { place: store.place, backups: ids.map((id) => ({ id, time: timeOf(id) })) }, text: table(["backup"], ids.map((id) => [id]), `There is no whole backup in ${store.place}.`) };
      }
      if (options["verify"] === true) {
        const data = await verifyBackups(store);
        const wrong = Object.entries(data.wrong);
        return { data, text: [...wrong.map(([id, what]) => `${id} is damaged: ${what.slice(0, 5).join("; ")}${what.length > 5 ? `; and ${what.length - 5} more` : ""}`), `${data.backups} backups of ${data.contents} contents read, ${wrong.length} of them damaged.`].join("\n"), exitCode: wrong.length > 0 ? exitCodes.refused : exitCodes.ok };
      }
      const made = await backUp(resolveSettings(settings, process.env), systemClock, store);
      const gone = keep ? givenUp(await store.ids(), keep) : [];
      const swept = keep ? await store.forget(gone) : { count: 0, bytes: 0 };
      const lines = [
        ...made.missing.map((what) => `left out: ${what}`),
        `Backed up as ${made.id}: ${made.contents} files, ${megabytes(made.bytes)}; ${made.newContents} of them new, ${megabytes(made.newBytes)}.`,
        ...(gone.length > 0 ? [`Forgot ${gone.length} backups (${megabytes(swept.bytes)}).`] : []),
        ...(made.missing.length > 0 ? ["What was left out is damaged or gone in the home: `millrace doctor --full` says more."] : []),
      ];
      return { data: { ...made, forgotten: gone, swept }, text: lines.join("\n"), exitCode: made.missing.length > 0 ? exitCodes.refused : exitCodes.ok };
    } finally {
      await store.close();
    }
  },
};
