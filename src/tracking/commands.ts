import type { Command } from "../cli/command.ts";
import { moment, table } from "../cli/table.ts";
import { client } from "../http/client.ts";
import type { TrackingRoutes } from "./routes.ts";

export const trackingCommands: readonly Command[] = [
  {
    name: "list",
    summary: "Lists runs, newest first",
    example: "millrace runs list --limit 5",
    options: { "--limit <n>": { description: "how many", default: 20 } },
    run: async ({ server }, _args, { limit }) => {
      const data = await client<TrackingRoutes>(await server(), "tracking")("GET /runs", { query: { limit: Number(limit) } });
      const rows = data.runs.map((run) => [run.name, run.status, moment(run.startedAt), metric(run.metrics, ["rmse", "log_loss"]), metric(run.metrics, ["r2", "roc_auc"])]);
      return { data, text: table(["run", "status", "started", "loss", "fit"], rows, "No runs yet: `millrace run` makes one.") };
    },
  },
  {
    name: "show",
    summary: "Shows one run with its parameters, metrics and artifacts",
    example: "millrace runs show bike-demand-first",
    arguments: { "<run>": "the run's id" },
    run: async ({ server }, [id]) => {
      const run = await client<TrackingRoutes>(await server(), "tracking")("GET /runs/:id", { params: { id: id ?? "" } });
      const lines = [
        `${run.name} (${run.status}, ${moment(run.startedAt)})`,
        table(["metric", "value"], Object.entries(run.metrics).map(([key, value]) => [key, value.toPrecision(5)]), "no metrics"),
        table(["parameter", "value"], Object.entries(run.params), "no parameters"),
        table(["artifact", "bytes"], run.artifacts.map((artifact) => [artifact.path, artifact.size]), "no artifacts"),
      ];
      return { data: run, text: lines.join("\n\n") };
    },
  },
];

const metric = (metrics: Readonly<Record<string, number>>, names: readonly string[]): string => {
  const name = names.find((one) => metrics[one] !== undefined);
  return name === undefined ? "" : `${name} ${metrics[name].toPrecision(4)}`;
};
