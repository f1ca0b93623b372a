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
      const api = client<OptimizationRoutes>(await server(), "optimization");
      const params = { endpoint: endpoint ?? "" };
      const data = await api("GET /loops/:endpoint/decisions", { params, query: {} });
      const rows = data.decisions.map((decision) => [isoDate(decision.time), decision.kind, decision.reason]);
      const { resting } = await api("GET /loops/:endpoint", { params });
      const text = table(["day", "decision", "why"], rows, "The loop has decided nothing yet.");
      return { data: { ...data, resting }, text: resting === null ? text : `${text}\n\n${resting}.` };
    },
  },
];
