import type { Command } from "../cli/command.ts";
import { invalid } from "../errors.ts";
import { client } from "../http/client.ts";
import type { ServingRoutes } from "./routes.ts";

export const removeCommand: Command = {
  name: "remove",
  summary: "Takes a deployment away: nobody answers for the model any more; its versions, history and prediction log stay",
  example: 'millrace deployments remove bike-demand --reason "replaced by bike-demand-2"',
  arguments: { "<model>": "the model's name" },
  options: { "--reason <text>": "why; it is kept in the history, and must be given" },
  run: async ({ server }, [endpoint = ""], options) => {
    const { reason } = options;
    if (typeof reason !== "string" || reason.trim() === "") throw invalid("cli.usage", `Say why ${endpoint} is to go: --reason "…"`);
    const data = await client<ServingRoutes>(await server(), "serving")("POST /deployments/:endpoint/remove", { params: { endpoint }, body: { reason } });
    return { data, text: `Nobody answers for ${endpoint} any more. A loop that watches it rests until it is deployed again: millrace deployments set ${endpoint} VERSION` };
  },
};
