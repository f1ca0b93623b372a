import { join } from "node:path";
import type { Step } from "../stage.ts";
import { identifier, parquet, withConnection } from "../storage/duckdb.ts";
import { datasetVersion } from "./dataset-manifest.ts";
import { copyToParquet } from "./sources/ingest.ts";
import type { IngestOutput } from "./ingest-step.ts";
import { datasetColumns } from "./dataset-file.ts";
import type { DatasetColumn } from "./types.ts";
import type { Reading } from "../values/reading.ts";

/** A dataset version grown by the labelled rows production sent back: the base's columns that both have, base rows first. */
export const appendStep: Step = {
  name: "data.append",
  purpose: "Adds labelled rows from production to a dataset, as its next version",
  version: 3,
  where: "worker",
  run: async ({ params, inputs, blobs, workdir, report }) => {
    const { base, parent, columns, readings, added } = params as { base: string; parent: string; columns: string[]; readings?: Readonly<Record<string, Reading>>; added?: string };
    const feedback = inputs["feedback"] as { sha256: string; rows: number };
    report({ message: `adding ${feedback.rows} labelled rows` });
    const into = join(workdir, "table.parquet");
    const basePath = await blobs.localPath(base, "the table of the dataset");
    const feedbackPath = feedback.rows > 0 ? await blobs.localPath(feedback.sha256, "the labelled rows from production") : undefined;
    const { rows, stored } = await withConnection(async (connection) => {
      const selected = columns.map(identifier).join(", ");
      const own = (await datasetColumns(connection, basePath)).filter((column) => columns.includes(column.name));
      // A column that only rows from production have: when they happened.
      const types: DatasetColumn[] = added === undefined ? own : [...own, { name: added, type: "timestamp", stored: "TIMESTAMP" }];
      // The feedback's columns take the base's types, so that growing a dataset never changes what a column is.
      const cast = types.map((column) => `${identifier(column.name)}::${column.stored} AS ${identifier(column.name)}`).join(", ");
      const ofBase = added === undefined ? cast : own.map((column) => identifier(column.name)).join(", ") + `, NULL::TIMESTAMP AS ${identifier(added)}`;
      const parts = [`SELECT ${ofBase} FROM ${parquet(basePath)}`, ...(feedbackPath ? [`SELECT ${cast} FROM ${parquet(feedbackPath)}`] : [])];
      const count = await copyToParquet(connection, `SELECT ${selected} FROM (${parts.join(" UNION ALL BY NAME ")})`, into);
      return { rows: count, stored: columns.map((name) => withReading(types.find((column) => column.name === name)!, readings)) };
    });
    const file = await blobs.putFile(into, { move: true });
    const { id, json } = datasetVersion({
      files: [{ name: "table.parquet", sha256: file.sha256, size: file.size, rows }],
      columns: stored,
      parents: [parent],
    });
    const output: IngestOutput = { file, rows, columns: stored, remarks: [], version: id, manifest: json };
    return output;
  },
};

/** Growing a dataset does not change how its cells are read. */
const withReading = (column: DatasetColumn, readings: Readonly<Record<string, Reading>> | undefined): DatasetColumn =>
  readings && Object.hasOwn(readings, column.name) ? { ...column, reading: readings[column.name] } : column;
