import type { Command } from "../cli/command.ts";
import { client } from "../http/client.ts";
import { shareOf } from "./deploy-command.ts";
import type { ServingRoutes } from "./routes.ts";

export const rollbackCommand: Command = {
  name: "rollback",
  summary: "Gives a model back to the versions that answered before the last change, in one step; again goes forth again",
  example: 'millrace deployments rollback bike-demand --reason "errors since 14:00"',
  arguments: { "<model>": "the model's name" },
  options: { "--reason <text>": "why; it is kept in the history" },
  run: async ({ server }, [endpoint = ""], options) => {
    const reason = typeof options["reason"] === "string" ? options["reason"] : "rolled back on the command line";
    const data = await client<ServingRoutes>(await server(), "serving")("POST /deployments/:endpoint/rollback", { params: { endpoint }, body: { reason } });
    return { data, text: `${endpoint} answers at ${data.url}\n${data.variants.map((variant) => `  ${shareOf(variant)}`).join("\n")}` };
  },
};
