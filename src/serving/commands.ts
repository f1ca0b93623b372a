import type { Command } from "../cli/command.ts";
import { table } from "../cli/table.ts";
import { client } from "../http/client.ts";
import { deployCommand } from "./deploy-command.ts";
import { removeCommand } from "./remove-command.ts";
import { rollbackCommand } from "./rollback-command.ts";
import type { ServingRoutes } from "./routes.ts";

export const servingCommands: readonly Command[] = [
  {
    name: "list",
    summary: "Lists deployments with their traffic split and live traffic",
    example: "millrace deployments list",
    run: async ({ server }) => {
      const data = await client<ServingRoutes>(await server(), "serving")("GET /deployments");
      const rows = data.deployments.flatMap((deployment) =>
        deployment.variants.map((variant) => [
          deployment.endpoint,
          variant.name,
          variant.version,
          `${Math.round(variant.weight * 100)} %`,
          variant.requests,
          variant.errors,
          variant.latency ? variant.latency.p50.toFixed(2) : "",
        ]),
      );
      return { data, text: table(["endpoint", "variant", "version", "traffic", "requests", "errors", "p50 ms"], rows, "Nothing is deployed yet: `millrace run` deploys what passes the gate.") };
    },
  },
  deployCommand,
  rollbackCommand,
  removeCommand,
];
