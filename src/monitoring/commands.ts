import type { Command } from "../cli/command.ts";
import { isoDate } from "../clock.ts";
import { table } from "../cli/table.ts";
import { client } from "../http/client.ts";
import { comparisonText } from "./comparison-text.ts";
import { lossOf } from "./error-sums.ts";
import { removalText } from "./removal-text.ts";
import type { MonitoringRoutes } from "./routes.ts";
import { unreadableText } from "./unreadable-text.ts";
import type { MonitorConfig, WindowState } from "./types.ts";
import { describeCauses } from "./windows/describe-causes.ts";

/** What raises the alarm on a live error, in words. */
export function performanceText({ threshold, falseAlarms = 0.1, max }: MonitorConfig["performance"]): string {
  const rise = threshold === null ? `a rise, ${falseAlarms} false alarms in 365 windows` : `CUSUM > ${threshold}`;
  return max === null ? rise : `${rise}; above ${max}`;
}

export const monitoringCommands: readonly Command[] = [
  {
    name: "list",
    summary: "Lists the endpoints that are watched, and how",
    example: "millrace monitors list",
    run: async ({ server }) => {
      const data = await client<MonitoringRoutes>(await server(), "monitoring")("GET /monitors");
      const rows = data.monitors.map((monitor) => [monitor.endpoint, monitor.target, monitor.task, `${monitor.drift.method} ≥ ${monitor.drift.threshold}`, performanceText(monitor.performance), monitor.removed ? `removed ${isoDate(monitor.removed.time)}` : "yes"]);
      return { data, text: table(["endpoint", "target", "task", "drift", "performance", "deployed"], rows, "Nothing is watched yet: `millrace run` watches what it deploys.") };
    },
  },
  {
    name: "show",
    summary: "Shows an endpoint's live error and drift, the latest windows last",
    example: "millrace monitors show bike-demand --windows 8",
    arguments: { "<endpoint>": "the endpoint's name" },
    options: { "--windows <n>": { description: "how many windows", default: 14 } },
    run: async ({ server }, [endpoint], { windows: count }) => {
      const api = client<MonitoringRoutes>(await server(), "monitoring");
      const { removed, unreadable } = await api("GET /monitors/:endpoint", { params: { endpoint: endpoint ?? "" } });
      const errors = await api("GET /monitors/:endpoint/errors", { params: { endpoint: endpoint ?? "" }, query: { variant: "served" } });
      const drift = await api("GET /monitors/:endpoint/drift", { params: { endpoint: endpoint ?? "" } });
      const { revisions } = await api("GET /monitors/:endpoint/revisions", { params: { endpoint: endpoint ?? "" }, query: { limit: Number(count) } });
      const labels = await api("GET /monitors/:endpoint/labels", { params: { endpoint: endpoint ?? "" } });
      const waiting = labels.waitingSince === null ? "" : `; ${labels.waiting} wait for a prediction of their request id, since ${isoDate(labels.waitingSince)}, and count for nothing`;
      const ambiguous = labels.ambiguous === 0 ? "" : `; of ${labels.ambiguous} the request id has several predictions with other rows, so they count for nothing`;
      const errorRows = errors.windows.slice(-Number(count)).map((window) => [isoDate(window.start), window.predictions, window.sums.n, ...Object.values(window.metrics).map((value) => value.toPrecision(4))]);
      const driftRows = drift.reports.slice(-Number(count)).map((report) => {
        const worst = [...report.features].filter((one) => !one.unsettled).sort((a, b) => b.distance - a.distance)[0];
        return [isoDate(report.start), report.rows, `${Math.round(report.driftedShare * 100)} %`, report.features.filter((one) => one.drifted).map((one) => one.feature).join(", "), worst ? `${worst.feature} ${worst.distance.toFixed(2)}` : ""];
      });
      const latest = drift.reports.at(-1);
      const featureRows = [...(latest?.features ?? []), ...(latest?.prediction ? [latest.prediction] : [])].map((one) => [one.feature, one.distance.toFixed(3), one.drifted ? "drifted" : "", one.effect === undefined ? "" : `${(100 * one.effect).toFixed(1)} %`, comparisonText(one, latest!)]);
      const metrics = Object.keys(errors.windows.findLast(({ sums }) => sums.n > 0)?.metrics ?? {});
      const loss = lossOf(errors.config.task);
      const served = (states: readonly WindowState[]): string => {
        const state = states.find(({ variant }) => variant === "served");
        return state === undefined ? "" : state.sums.n === 0 ? "no labels" : `${state.metrics[loss].toPrecision(4)} (${state.sums.n} of ${state.predictions})`;
      };
      const changed = revisions.toReversed().map(({ start, before, after, changedAt, why }) => [isoDate(start), served(before), served(after), isoDate(changedAt), describeCauses(why)]);
      return {
        data: { errors: errors.windows, revisions, drift: drift.reports, labels, removed, unreadable },
        text: [
          ...(removed ? [`${removalText(endpoint ?? "", removed)}.`] : []),
          ...(unreadable.length > 0 ? [unreadableText(unreadable)] : []),
          `${labels.matched} labels of predictions${waiting}${ambiguous}`,
          table(["window", "predictions", "labelled", ...metrics], errorRows, "No window has all its labels yet: send them to POST /api/monitoring/monitors/<endpoint>/labels."),
          ...(changed.length === 0 ? [] : [`Windows that changed after they were computed (${loss}, labels of predictions):\n${table(["window", "was", "is", "since", "because of"], changed, "")}`]),
          table(["window", "predictions", "drifted", "features", "farthest"], driftRows, "No drift window has ended yet."),
          ...(latest ? [`Features in the window to ${isoDate(latest.end)} (effect: the share of the variance of the model's answers that hangs on it):\n${table(["feature", latest.method, "", "effect", "compared with"], featureRows, "")}`] : []),
        ].join("\n\n"),
      };
    },
  },
];
