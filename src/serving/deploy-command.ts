import type { Command } from "../cli/command.ts";
import { invalid } from "../errors.ts";
import { client } from "../http/client.ts";
import type { ServingRoutes } from "./routes.ts";
import { readChange, readSettings, settingsOf } from "./settings-options.ts";

interface Asked {
  readonly name: string;
  readonly version: number;
  readonly weight: number;
  readonly shadow: boolean;
}

/**
 * Reads `4` (version 4 answers alone), or `champion=3:90%,challenger=4:10%`; a variant without a share is a shadow, unless it is alone. Throws `cli.usage`.
 */
export function readVariants(text: string): Asked[] {
  const parts = text.split(",").map((part) => part.trim());
  return parts.map((part) => {
    const match = /^(?:([\w.-]+)=)?(\d+)(?::(\d+(?:\.\d+)?)(%?))?$/.exec(part);
    if (!match) throw invalid("cli.usage", `${JSON.stringify(part)} is no variant: write 4, or champion=3:90%,challenger=4:10%`);
    const [, name = parts.length === 1 ? "champion" : undefined, version, share, percent] = match;
    if (name === undefined) throw invalid("cli.usage", `Name the variants when there are several: champion=3:90%,challenger=4:10%`);
    const weight = share === undefined ? (parts.length === 1 ? 1 : 0) : percent === "%" ? Number(share) / 100 : Number(share);
    return { name, version: Number(version), weight, shadow: share === undefined && parts.length > 1 };
  });
}

/** A variant as a line for people. */
export const shareOf = ({ name, version, weight, shadow }: { name: string; version: number; weight: number; shadow: boolean }): string =>
  `${name}: version ${version}, ${shadow && weight === 0 ? "in the shadow" : `${Math.round(weight * 1000) / 10} % of the traffic`}`;

export const deployCommand: Command = {
  name: "set",
  summary: "Sets which versions of a model answer, under which share of the traffic, and how they are served",
  example: 'millrace deployments set bike-demand champion=3:90%,challenger=4:10% --batching maxRows=64,delayMs=2 --log-share 10% --reason "try 4"',
  arguments: {
    "<model>": "the model's name",
    "[variants]": "a version (4), or names, versions and shares with commas between; a variant without a share answers in the shadow; those it has when absent",
  },
  options: {
    "--batching <limits>": "maxRows (run together at most), delayMs (that a batch waits for more), queueRows (that may wait), timeoutMs (until 504), weight (against other models) and merge (yes or no: whether requests are scored together, whatever the model shows of its rows), as in maxRows=64,delayMs=2; default goes back to the gateway's own",
    "--log-share <share>": "share of the answered requests that are logged, such as 10% or 0.1; failures always are; default logs all",
    "--pinned <yes|no>": "whether it stays in memory whatever the gateway's memory limit",
    "--unknown-inputs <refuse|ignore>": "what becomes of inputs that the model does not know; default leaves them out where the model takes the columns of a table, and refuses them elsewhere",
    "--file <json>": "a file with any of rules, fallback, sticky, batching, log, pinned and unknownInputs, as the HTTP API takes them; null removes one",
    "--reason <text>": "why; it is kept in the history",
  },
  run: async ({ server }, [endpoint = "", text], options) => {
    const reason = typeof options["reason"] === "string" ? options["reason"] : "set on the command line";
    const change = { ...(typeof options["file"] === "string" && (await readChange(options["file"]))), ...readSettings(options) };
    if (text === undefined && Object.keys(change).length === 0) throw invalid("cli.usage", "Nothing is to be changed: say which version answers (4), or give --batching, --log-share, --pinned, --unknown-inputs or --file");
    const api = client<ServingRoutes>(await server(), "serving");
    const data = await api("PUT /deployments/:endpoint", { params: { endpoint }, body: { ...change, reason, ...(text !== undefined && { variants: readVariants(text) }) } });
    return { data, text: [`${endpoint} answers at ${data.url}`, ...data.variants.map((variant) => `  ${shareOf(variant)}`), ...settingsOf(data.settings).map((line) => `  ${line}`)].join("\n") };
  },
};
