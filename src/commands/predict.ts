import type { Command } from "../cli/command.ts";

export const predictCommand: Command = {
  name: "predict",
  summary: "Asks a model about every row of tables, however large, and writes the answers as one table; what was cut off goes on with the same command",
  example: "millrace predict bike-demand new-hours.csv --out answers.parquet --id instant",
  arguments: {
    "<model>": "bike-demand (the version that answers now), bike-demand/3 or bike-demand@champion",
    "<tables...>": "the tables (.csv .tsv .txt .data .parquet .pq .json .jsonl .ndjson), or patterns such as 'days/*.parquet'",
  },
  options: {
    "--out <file>": "where the answers go: .parquet or .csv",
    "--id <columns>": "columns that tell the rows apart, with commas between; the number of the row when absent",
    "--keep <columns>": "other columns that go beside the answers, with commas between, or all",
    "--delimiter <character>": "of delimited text, where it is not seen by itself",
  },
  run: async (...call) => (await import("./predict-tables.ts")).predictCommandTables(...call),
};
