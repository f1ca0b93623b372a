import type { Command } from "../cli/command.ts";
import { isoDate } from "../clock.ts";
import { table } from "../cli/table.ts";
import { client } from "../http/client.ts";
import type { OptimizationRoutes } from "./routes.ts";

export const optimizationCommands: readonly Command[] = [
  {
    name: "decisions",
    summary: "Lists what a loop decided, and why each time",
    example: "millrace loops decisions bike-demand",
    arguments: { "<endpoint>": "the endpoint's name" },
    run: async ({ server }, [endpoint]) => {
      const data = await client<OptimizationRoutes>(await server(), "optimization")("GET /loops/:endpoint/decisions", { params: { endpoint: endpoint ?? "" }, query: {} });
      const rows = data.decisions.map((decision) => [isoDate(decision.time), decision.kind, decision.reason]);
      return { data, text: table(["day", "decision", "why"], rows, "The loop has decided nothing yet.") };
    },
  },
];
