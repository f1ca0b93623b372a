import type { Command } from "../cli/command.ts";
import { moment, table } from "../cli/table.ts";
import { client } from "../http/client.ts";
import type { DataRoutes } from "./routes.ts";

export const dataCommands: readonly Command[] = [
  {
    name: "list",
    summary: "Lists dataset versions, newest first",
    example: "millrace data list",
    run: async ({ server }) => {
      const data = await client<DataRoutes>(await server(), "data")("GET /versions", { query: {} });
      const rows = data.versions.map((version) => [version.id.slice(0, 12), version.dataset, version.rows, moment(version.createdAt)]);
      return { data, text: table(["version", "dataset", "rows", "made"], rows, "No data yet: `millrace init TABLE` begins with a table.") };
    },
  },
  {
    name: "show",
    summary: "Shows a dataset version: its columns, what is odd about it, and which columns give the target away",
    example: "millrace data show 3f2a9c",
    arguments: { "<version>": "the version's id, or its first digits" },
    run: async ({ server }, [id]) => {
      const version = await client<DataRoutes>(await server(), "data")("GET /versions/:id", { params: { id: id ?? "" } });
      const { validation, profile } = version;
      const columns = profile.columns.map((column) => [column.name, column.type, column.missing, column.distinct]);
      const text = [
        `${version.dataset} ${version.id.slice(0, 12)}: ${version.rows} rows, target ${validation.target} (${validation.task}: ${validation.taskReason})`,
        table(["column", "type", "missing", "distinct"], columns, "no columns"),
        ...validation.findings.map((finding) => `${finding.kind}: ${finding.evidence}`),
        ...validation.anomalies.map((anomaly) => `${anomaly.severity}: ${anomaly.message}`),
      ].join("\n\n");
      return { data: version, text };
    },
  },
];
