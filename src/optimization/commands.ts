import type { Command } from "../cli/command.ts";
import { isoDate } from "../clock.ts";
import { table } from "../cli/table.ts";
import { invalid } from "../errors.ts";
import { client } from "../http/client.ts";
import { describeLoop } from "./describe-loop.ts";
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
  {
    name: "show",
    summary: "Shows what a loop can see at its rate of labels, what its retrainings brought and cost, when the next one may come, and how the candidates of each one did",
    example: "millrace loops show bike-demand --retrainings 4",
    arguments: { "<endpoint>": "the endpoint's name" },
    options: { "--retrainings <n>": { description: "how many retrainings, the newest last", default: 8 } },
    run: async ({ server }, [endpoint], { retrainings: count }) => {
      const most = Number(count);
      if (!Number.isInteger(most) || most < 1) throw invalid("cli.usage", `--retrainings takes a whole number from 1, not ${String(count)}`);
      const api = client<OptimizationRoutes>(await server(), "optimization");
      const params = { endpoint: endpoint ?? "" };
      const { loop, tick, rollouts, resting, sight, sums } = await api("GET /loops/:endpoint", { params });
      const { retrainings } = await api("GET /loops/:endpoint/retrainings", { params });
      const latest = retrainings.slice(-most);
      return {
        data: { endpoint: loop.endpoint, tick, resting, canary: rollouts.find(({ state }) => state === "canary") ?? null, sight, sums, retrainings: latest },
        text: describeLoop({ loop, tick, rollouts, resting, sight, sums, retrainings: latest }),
      };
    },
  },
];
