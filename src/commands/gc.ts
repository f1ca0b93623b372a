import { invalid } from "../errors.ts";
import type { Command } from "../cli/command.ts";
import { client } from "../http/client.ts";
import type { RegistryRoutes } from "../registry/routes.ts";
import { parseDuration } from "../clock.ts";

export const gcCommand: Command = {
  name: "gc",
  summary: "Collects garbage: removes for good what was deleted longer ago than the grace time, the files that nothing names any more, and environments of Python that no version was trained in and nothing used since",
  example: "millrace gc --older-than 30d --dry-run",
  options: {
    "--older-than <duration>": { description: "the grace time: what was deleted later can still be restored", default: "30d" },
    "--dry-run": "only say what would be removed",
  },
  run: async ({ server }, _args, options) => {
    const text = String(options["olderThan"]);
    if (parseDuration(text) === undefined) throw invalid("cli.usage", `--older-than must be a duration such as 30d, 12h or 0s, got ${JSON.stringify(text)}`);
    const data = await client<RegistryRoutes>(await server(), "registry")("POST /gc", { body: { olderThan: text, dryRun: options["dryRun"] === true } });
    const things = Object.entries(data.removed).filter(([, count]) => count > 0).map(([kind, count]) => `${count} ${kind}`);
    const files = `${data.blobs.count} files (${(data.blobs.bytes / 1e6).toFixed(1)} MB)`;
    const { environments } = data;
    const pythons = environments.count === 0 ? "" : `; ${environments.count} environments of Python (${(environments.bytes / 1e6).toFixed(1)} MB)`;
    return { data, text: `${data.dryRun ? "Would remove" : "Removed"} ${things.length > 0 ? `${things.join(", ")}, and ` : ""}${files}${pythons}; deleted before ${new Date(data.before).toISOString().slice(0, 16)}.` };
  },
};
