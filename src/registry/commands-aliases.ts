import type { Command } from "../cli/command.ts";
import { moment, table } from "../cli/table.ts";
import { invalid } from "../errors.ts";
import { client } from "../http/client.ts";
import type { RegistryRoutes } from "./routes.ts";

const model = { "<model>": "the model's name" };
const reason = { "--reason <text>": "why; it is kept in the history" };
const textOf = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);

export const aliasCommands: readonly Command[] = [
  {
    name: "aliases",
    summary: "Shows a model's aliases: every step they took, who, when, why",
    example: "millrace models aliases bike-demand",
    arguments: model,
    run: async ({ server }, [name = ""]) => {
      const data = await client<RegistryRoutes>(await server(), "registry")("GET /models/:name/aliases", { params: { name } });
      const rows = data.moves.map((move) => [move.alias, move.version === null ? "removed" : `version ${move.version}${move.kind === "rolled_back" ? " (rolled back)" : ""}`, moment(move.time), move.actor, move.reason]);
      const policies = Object.entries(data.policies).map(([alias, requires]) => `${alias} requires ${requires.join(", ")}`);
      return { data, text: [table(["alias", "pointed at", "since", "who", "why"], rows, "No alias has moved yet."), ...policies].join("\n") };
    },
  },
  {
    name: "alias",
    summary: "Points an alias at a version, or takes it away",
    example: 'millrace models alias bike-demand champion 3 --reason "better on rainy days"',
    arguments: { ...model, "<alias>": "champion, or any other", "[version]": "the version it shall point at" },
    options: { ...reason, "--remove": "take the alias away" },
    run: async ({ server }, [name = "", alias = "", version], options) => {
      const api = client<RegistryRoutes>(await server(), "registry");
      const [params, why] = [{ name, alias }, textOf(options["reason"])];
      const remove = options["remove"] === true;
      if (remove === (version !== undefined)) throw invalid("cli.usage", "Give the version the alias shall point at, or --remove");
      const data = remove
        ? await api("DELETE /models/:name/aliases/:alias", { params, query: { reason: why } })
        : await api("PUT /models/:name/aliases/:alias", { params, body: { version: Number(version), ...(why === undefined ? {} : { reason: why }) } });
      return { data, text: data.note };
    },
  },
  {
    name: "rollback",
    summary: "Moves an alias back to the version it pointed at before, and says what that changed and what not",
    example: 'millrace models rollback bike-demand --reason "errors at night"',
    arguments: model,
    options: { "--alias <alias>": { description: "which alias", default: "champion" }, ...reason },
    run: async ({ server }, [name = ""], options) => {
      const why = textOf(options["reason"]);
      if (why === undefined) throw invalid("cli.usage", "Say why, with --reason: who looks at the history later will ask");
      const data = await client<RegistryRoutes>(await server(), "registry")("POST /models/:name/aliases/:alias/rollback", { params: { name, alias: String(options["alias"]) }, body: { reason: why } });
      const skipped = data.skipped.length > 0 ? ` Passed over, since deleted: ${data.skipped.join(", ")}.` : "";
      return { data, text: `${data.note}${skipped}` };
    },
  },
  {
    name: "policy",
    summary: "Shows or sets what a version must show before an alias may point at it",
    example: "millrace models policy bike-demand champion --require gate,signature",
    arguments: { ...model, "<alias>": "champion, or any other" },
    options: { "--require <names>": "requirements, with commas between; none takes the policy away", ...reason },
    run: async ({ server }, [name = "", alias = ""], options) => {
      const api = client<RegistryRoutes>(await server(), "registry");
      const [params, names, why] = [{ name, alias }, textOf(options["require"]), textOf(options["reason"])];
      const requires = names === "none" ? [] : names?.split(",").map((one) => one.trim()).filter((one) => one !== "");
      const data = requires === undefined ? await api("GET /models/:name/aliases/:alias/policy", { params }) : await api("PUT /models/:name/aliases/:alias/policy", { params, body: { requires, ...(why === undefined ? {} : { reason: why }) } });
      return { data, text: data.requires.length === 0 ? `The alias ${alias} of ${name} has no policy.` : `The alias ${alias} of ${name} requires ${data.requires.join(", ")}.` };
    },
  },
];
