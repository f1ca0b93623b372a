import type { Command } from "../cli/command.ts";
import { moment, table } from "../cli/table.ts";
import { client } from "../http/client.ts";
import { environmentText } from "../training/environments/environment-texts.ts";
import { aliasCommands } from "./commands-aliases.ts";
import { versionCommands } from "./commands-versions.ts";
import { convertCommand } from "./convert/convert-command.ts";
import type { RegistryRoutes } from "./routes.ts";

export const registryCommands: readonly Command[] = [
  {
    name: "list",
    summary: "Lists the registered models",
    example: "millrace models list",
    run: async ({ server }) => {
      const data = await client<RegistryRoutes>(await server(), "registry")("GET /models");
      const rows = data.models.map((model) => [model.name, model.latestVersion, Object.entries(model.aliases).map(([alias, version]) => `${alias} → ${version}`).join(", ")]);
      return { data, text: table(["model", "latest", "aliases"], rows, "No models yet: `millrace run` makes one.") };
    },
  },
  {
    name: "show",
    summary: "Shows a model's versions, why each exists and how it was judged",
    example: "millrace models show bike-demand",
    arguments: { "<model>": "the model's name" },
    run: async ({ server }, [name]) => {
      const data = await client<RegistryRoutes>(await server(), "registry")("GET /models/:name/versions", { params: { name: name ?? "" } });
      const inPython = data.versions.some((version) => version.origin === "trained" && environmentText(version.recipe) !== "");
      const rows = data.versions.map((version) => {
        const made = version.origin === "trained" ? version : undefined;
        const [metric, value] = Object.entries(made?.metrics ?? {}).find(([key]) => key === "rmse" || key === "log_loss") ?? ["", undefined];
        return [version.version, version.aliases.join(", "), moment(version.createdAt), made?.training.rows ?? "", value ? `${metric} ${value.value.toPrecision(4)}` : "", ...(inPython ? [environmentText(made?.recipe)] : []), version.trigger.slice(0, 60)];
      });
      return { data, text: table(["version", "alias", "made", "rows", "judged", ...(inPython ? ["python"] : []), "why"], rows, "no versions") };
    },
  },
  ...versionCommands,
  ...aliasCommands,
  convertCommand,
];
