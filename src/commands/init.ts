import type { Command } from "../cli/command.ts";

export const initCommand: Command = {
  name: "init",
  summary: "Writes a millrace.yaml for a table: asks, or with --yes takes its best guess",
  example: "millrace init data/hour.csv --target cnt",
  arguments: { "[table]": "the table: CSV, TSV, Parquet or JSON lines" },
  options: {
    "--target <column>": "the column to predict",
    "--yes": "ask nothing, take the best guess",
    "--out <file>": { description: "the file to write", default: "millrace.yaml" },
    "--force": "replace the file if it is there",
  },
  run: async (...call) => (await import("./init-table.ts")).initTable(...call),
};
