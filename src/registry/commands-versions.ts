import type { Command } from "../cli/command.ts";
import { moment, table } from "../cli/table.ts";
import { client } from "../http/client.ts";
import type { Difference, MetricDifference } from "./compare.ts";
import type { MetricEvidence } from "./evidence.ts";
import type { RegistryRoutes } from "./routes.ts";

const model = { "<model>": "the model's name" };
const why = { "--reason <text>": "why; it is kept in the history" };
const reasonOf = (options: Readonly<Record<string, unknown>>): { reason?: string } => (typeof options["reason"] === "string" ? { reason: options["reason"] } : {});

export const versionCommands: readonly Command[] = [
  {
    name: "evidence",
    summary: "Shows what stands behind a version: code, data, configuration, environment, evaluation, signature, files",
    example: "millrace models evidence bike-demand 2",
    arguments: { ...model, "<version>": "its number" },
    run: async ({ server }, [name = "", version]) => {
      const data = await client<RegistryRoutes>(await server(), "registry")("GET /models/:name/versions/:version/evidence", { params: { name, version: Number(version) } });
      const { code, signature, graph } = data;
      const part = (title: string, rows: readonly (readonly (string | number)[])[], head: readonly string[], empty: string): string => `${title}\n${table(head, rows, `  ${empty}`)}`;
      const lines = [
        `${name} version ${data.version}: registered ${moment(data.createdAt)} by ${data.createdBy} (${data.why})`,
        `code    ${code ? [code.entryPoint, code.repository, code.commit, code.dirty === true ? "with uncommitted changes" : null].filter((one) => one !== null).join(", ") : "not recorded"}`,
        ...(graph ? [`graph   ONNX, ${graph.producer}, ${graph.parameters} numbers in constants, ${Object.values(graph.operators).reduce((sum, count) => sum + count, 0)} operators`] : []),
        part("data", data.data.map((one) => [one.role, one.name, one.digest.slice(0, 12), one.rows ?? "", one.source]), ["role", "dataset", "digest", "rows", "source"], "not recorded"),
        part("evaluation", data.evaluation.map((one) => [one.metric, metricText(one), one.dataset ?? "", one.from]), ["metric", "value", "dataset", "from"], "nothing was measured"),
        part("signature", [...(signature?.inputs ?? []).map((one) => ["input", one.name, one.type]), ...(signature?.outputs ?? []).map((one) => ["output", one.name, one.type])], ["", "name", "type"], "not written down"),
        part("configuration", Object.entries(data.config), ["parameter", "value"], "none"),
        part("environment", Object.entries(data.environment), ["package", "version"], "not recorded"),
        part("files", data.files.map((one) => [one.path, one.size]), ["file", "bytes"], "none"),
        ...data.notes.map((note) => `note: ${note}`),
      ];
      return { data, text: lines.join("\n\n") };
    },
  },
  {
    name: "compare",
    summary: "Compares two versions: code, data, configuration, environment, metrics with intervals, signature, files",
    example: "millrace models compare bike-demand 1 2",
    arguments: { ...model, "<a>": "a version", "<b>": "another version" },
    options: { "--with-model <model>": "the model of the second version, when it is another", "--all": "also what is the same" },
    run: async ({ server }, [name = "", a, b], options) => {
      const other = options["withModel"];
      const data = await client<RegistryRoutes>(await server(), "registry")("GET /models/:name/versions/:version/compare", {
        params: { name, version: Number(a) },
        query: { with: Number(b), ...(typeof other === "string" ? { model: other } : {}) },
      });
      const parts = (["code", "data", "config", "environment", "signature", "graph", "files"] as const).map((part) => differencesText(part, data[part], options["all"] === true));
      return { data, text: [metricsText(data.metrics), ...parts].join("\n\n") };
    },
  },
  {
    name: "delete",
    summary: "Deletes a version, or a whole model, that is not deployed; `restore` brings it back until garbage is collected",
    example: "millrace models delete bike-demand 1",
    arguments: { ...model, "[version]": "its number; without it the whole model" },
    options: why,
    run: async ({ server }, [name = "", version], options) => {
      const api = client<RegistryRoutes>(await server(), "registry");
      const query = reasonOf(options);
      if (version === undefined) await api("DELETE /models/:name", { params: { name }, query });
      else await api("DELETE /models/:name/versions/:version", { params: { name, version: Number(version) }, query });
      const what = version === undefined ? name : `version ${version} of ${name}`;
      return { data: { deleted: what }, text: `Deleted ${what}. Bring it back with: millrace models restore ${name}${version === undefined ? "" : ` ${version}`}` };
    },
  },
  {
    name: "restore",
    summary: "Brings back a deleted version (without its aliases), or a deleted model",
    example: "millrace models restore bike-demand 1",
    arguments: { ...model, "[version]": "its number; without it the whole model" },
    options: why,
    run: async ({ server }, [name = "", version], options) => {
      const api = client<RegistryRoutes>(await server(), "registry");
      const body = reasonOf(options);
      if (version === undefined) await api("POST /models/:name/restore", { params: { name }, body });
      else await api("POST /models/:name/versions/:version/restore", { params: { name, version: Number(version) }, body });
      const what = version === undefined ? name : `version ${version} of ${name}`;
      return { data: { restored: what }, text: `Restored ${what}.` };
    },
  },
];

const number = (value: number | null): string => (value === null ? "" : String(Number(value.toPrecision(4))));

const metricText = (metric: MetricEvidence | null): string => (metric === null ? "" : `${number(metric.value)}${metric.low === null ? "" : ` (${number(metric.low)} to ${number(metric.high)})`}`);

function metricsText(metrics: readonly MetricDifference[]): string {
  const verdict = ({ overlap, better }: MetricDifference): string => (overlap === true ? "intervals overlap" : better === null ? "" : `${better} is better${overlap === false ? ", intervals apart" : ""}`);
  return table(["metric", "dataset", "a", "b", "b − a", ""], metrics.map((one) => [one.metric, one.dataset ?? "", metricText(one.a), metricText(one.b), number(one.difference), verdict(one)]), "No metrics on either side.");
}

function differencesText(part: string, all: readonly Difference[], whole: boolean): string {
  const shown = all.filter(({ status }) => whole || status !== "same");
  const same = all.length - shown.length;
  const cut = (text: string | null): string => (text === null ? "" : text.length > 60 ? `${text.slice(0, 57)}…` : text);
  const rows = shown.map((one) => [one.status, cut(one.name), cut(one.a), cut(one.b)]);
  return `${part}${same > 0 ? ` (${same} the same)` : ""}\n${table(["", "what", "a", "b"], rows, all.length === 0 ? "  nothing recorded on either side" : "  no difference")}`;
}
