import type { Command } from "../cli/command.ts";
import { invalid } from "../errors.ts";
import { client } from "../http/client.ts";
import type { ServingRoutes } from "./routes.ts";

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
  summary: "Sets which versions of a model answer, and under which share of the traffic",
  example: 'millrace deployments set bike-demand champion=3:90%,challenger=4:10% --reason "try 4"',
  arguments: { "<model>": "the model's name", "<variants>": "a version (4), or names, versions and shares with commas between; a variant without a share answers in the shadow" },
  options: { "--reason <text>": "why; it is kept in the history" },
  run: async ({ server }, [endpoint = "", text = ""], options) => {
    const reason = typeof options["reason"] === "string" ? options["reason"] : "set on the command line";
    const api = client<ServingRoutes>(await server(), "serving");
    const data = await api("PUT /deployments/:endpoint", { params: { endpoint }, body: { reason, variants: readVariants(text) } });
    return { data, text: `${endpoint} answers at ${data.url}\n${data.variants.map((variant) => `  ${shareOf(variant)}`).join("\n")}` };
  },
};
