import type { Command } from "../../cli/command.ts";
import { moment, table } from "../../cli/table.ts";
import { client } from "../../http/client.ts";
import type { PipelineRoutes } from "../routes.ts";
import { limitsText, type TriggerView } from "./describe-trigger.ts";
import type { Firing } from "./types.ts";

const named = { "<name>": "the trigger: <model>.<name>, or the name alone where one model has it" };
const why = { "--reason <text>": "why; it is kept" };

const stateOf = ({ paused, problem }: TriggerView): string => (paused ? "paused" : problem ? "in trouble" : "ready");
const firingLine = (firing: Firing): string[] => [moment(firing.askedAt), firing.state, firing.cause, firing.why.slice(0, 80), firing.reason ?? "", firing.runId ?? ""];

export const triggerCommands: readonly Command[] = [
  {
    name: "list",
    summary: "Lists the triggers: what fires each, when next, and what came of the last time",
    example: "millrace triggers list",
    run: async ({ server }) => {
      const data = await client<PipelineRoutes>(await server(), "pipelines")("GET /triggers", { query: { firings: 1 } });
      const rows = data.triggers.map((one) => [one.name, one.on, stateOf(one), moment(one.nextAt), one.firings[0] ? `${moment(one.firings[0].askedAt)} ${one.firings[0].state}` : ""]);
      return { data, text: table(["trigger", "fires", "state", "next", "last"], rows, "No model has a trigger: the section `triggers` of a millrace.yaml describes them, and `millrace run` sets them.") };
    },
  },
  {
    name: "show",
    summary: "Shows a trigger, and what fired and what did not, with the reasons",
    example: "millrace triggers show bike-demand.nightly --firings 50",
    arguments: named,
    options: { "--firings <n>": { description: "how many, the newest first", default: 20 } },
    run: async ({ server }, [name = ""], { firings }) => {
      const data = await client<PipelineRoutes>(await server(), "pipelines")("GET /triggers/:name", { params: { name }, query: { firings: Number(firings) } });
      const limits = limitsText(data.config);
      const lines = [
        `${data.name} fires ${data.on}${limits === null ? "" : `; ${limits}`}`,
        ...(data.nextAt === null ? [] : [`next: ${moment(data.nextAt)} UTC`]),
        ...(data.paused ? [`paused since ${moment(data.paused.since)} by ${data.paused.by}: ${data.paused.reason}`] : []),
        ...(data.problem ? [`its source cannot be read since ${moment(data.problem.since)}: ${data.problem.message}`] : []),
        "",
        table(["asked", "state", "by", "what happened", "reason", "run"], data.firings.map(firingLine), "It has not fired yet."),
      ];
      return { data, text: lines.join("\n") };
    },
  },
  {
    name: "fire",
    summary: "Asks a trigger to fire",
    example: 'millrace triggers fire bike-demand.nightly --reason "new prices"',
    arguments: named,
    options: { ...why, "--now": "wait for no debounce and no cool-down", "--key <text>": "asked again with the same key, it fires once" },
    run: async ({ server }, [name = ""], { reason, now, key }) => {
      const body = { ...(typeof reason === "string" && { reason }), ...(typeof key === "string" && { key }), ...(now === true && { at_once: true }) };
      const data = await client<PipelineRoutes>(await server(), "pipelines")("POST /triggers/:name/fire", { params: { name }, body });
      const { firing, joined, known } = data;
      return { data, text: `${data.trigger}: ${known ? `was asked for with this key before, as ${firing.id}` : joined ? `${firing.id} waits already and stands for this request` : firing.id} (${firing.state})` };
    },
  },
  {
    name: "pause",
    summary: "Lets a trigger rest; what waits of it does not fire",
    example: 'millrace triggers pause bike-demand.nightly --reason "the table is being moved"',
    arguments: named,
    options: why,
    run: async ({ server }, [name = ""], { reason }) => {
      const data = await client<PipelineRoutes>(await server(), "pipelines")("POST /triggers/:name/pause", { params: { name }, body: typeof reason === "string" ? { reason } : {} });
      return { data, text: `${data.name} is paused` };
    },
  },
  {
    name: "resume",
    summary: "Lets a paused trigger fire again, for what comes from now on",
    example: "millrace triggers resume bike-demand.nightly",
    arguments: named,
    options: why,
    run: async ({ server }, [name = ""], { reason }) => {
      const data = await client<PipelineRoutes>(await server(), "pipelines")("POST /triggers/:name/resume", { params: { name }, body: typeof reason === "string" ? { reason } : {} });
      return { data, text: `${data.name} fires again${data.nextAt === null ? "" : `, next at ${moment(data.nextAt)} UTC`}` };
    },
  },
];
