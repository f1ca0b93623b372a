import { basename, join } from "node:path";
import { hashFile } from "../checked-file.ts";
import type { Step } from "../stage.ts";
import { datasetVersion } from "./dataset-manifest.ts";
import { ingest } from "./sources/ingest.ts";
import type { ReadingChoices } from "./columns/decision.ts";
import { inspectSource, type SourceRemark } from "./sources/source.ts";
import type { DatasetColumn, TimeRange } from "./types.ts";

/** What `data.ingest` and `data.append` hand on: a table in the artifact store and its manifest. */
export interface IngestOutput {
  readonly file: { readonly sha256: string; readonly size: number };
  readonly rows: number;
  readonly columns: readonly DatasetColumn[];
  /** What a person should know of how the table was read. */
  readonly remarks: readonly SourceRemark[];
  readonly version: string;
  readonly manifest: string;
}

/** The table a project names, or the part of it in a range of time, as a dataset version. */
export const ingestStep: Step = {
  name: "data.ingest",
  purpose: "Reads the source table into the artifact store as a dataset version",
  version: 2,
  where: "worker",
  reads: ({ source }) => [source as string],
  run: async ({ params, blobs, workdir, report }) => {
    const { source, filter, target, reading } = params as { source: string; filter: TimeRange | null; target?: string; reading?: ReadingChoices };
    report({ message: `looking at every cell of ${basename(source)}` });
    const table = await inspectSource(source, { ...reading, ...(target !== undefined && { target }) });
    report({ message: `reading ${table.rows} rows, ${table.columns.length} columns` });
    const [ingested, original] = await Promise.all([ingest({ source: table, into: join(workdir, "table.parquet"), ...(filter ? { filter } : {}) }), hashFile(table.path)]);
    const file = await blobs.putFile(ingested.path, { move: true, written: { sha256: ingested.sha256, size: ingested.size } });
    const { id, json } = datasetVersion({
      files: [{ name: "table.parquet", sha256: file.sha256, size: file.size, rows: ingested.rows }],
      columns: ingested.columns,
      source: { name: basename(source), sha256: original.sha256 },
      ...(filter ? { filter } : {}),
      parents: [],
    });
    const output: IngestOutput = { file, rows: ingested.rows, columns: ingested.columns, remarks: ingested.remarks, version: id, manifest: json };
    return output;
  },
};
