import { mkdir, rm, stat } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { openTable, type OpenTable, type TableBlock } from "../../data/sources/table-blocks.ts";
import { invalid } from "../../errors.ts";
import type { GatewayLog } from "../gateway/gateway-log.ts";
import type { Model } from "../gateway/runtimes/runtime.ts";
import { inputsByName } from "../gateway/tensors/matrix-columns.ts";
import { answerColumns, answerSources, type AnswerColumn, type AnswerField, type AnswerSource } from "./answer-columns.ts";
import { openAnswerFile, outputForm, partialName, type AnswerFile } from "./answer-file.ts";
import { blockInputs } from "./block-inputs.ts";
import { keptColumn, keptField } from "./kept-columns.ts";
import { loadPlaced, type PlacedVersion } from "./load-placed.ts";
import { modelColumns } from "./model-columns.ts";
import { readProgress, writeProgress, type Counts, type Progress } from "./progress-file.ts";
import { scoreBlock, type ScoredBlock } from "./score-block.ts";

export interface TablesToPredict {
  readonly version: PlacedVersion;
  /** Paths of tables, in the order in which they are scored. */
  readonly tables: readonly string[];
  /** Where the answers go: .parquet or .csv. */
  readonly out: string;
  /** Columns of the tables that tell rows apart; the number of the row in its table (from 1) where there are none. */
  readonly ids: readonly string[];
  /** Other columns of the tables that go beside the answers; null: all. */
  readonly keep: readonly string[] | null;
  readonly delimiter?: string;
  readonly log: GatewayLog;
  readonly onProgress?: (counts: Counts & { readonly table: string }) => void;
  /** Stops at the next block; what is done stays to be gone on with. */
  readonly signal?: AbortSignal;
}

export interface PredictedTables extends Counts {
  readonly out: string;
  /** Rows that an earlier try had done. */
  readonly resumed: number;
  readonly columns: readonly string[];
  /** How the tables were read, where that was not plain. */
  readonly remarks: readonly string[];
}

/** Cells of a block, rows of a block at most, and how often progress is brought to the disk. */
const [blockCells, mostRows, leastRows, markEveryMs] = [2 ** 20, 32_768, 1024, 3000];
const mostReasons = 5;

/**
 * Asks a version about every row of tables and writes the answers as one table, in their order: `table` (of several), ids or `row`, columns that are kept, the
 * answers, `model_version`, and `error`: why the model refused a row, as the gateway would have. Memory does not grow with the tables. The file has its name when
 * it is whole; a try that was cut off is gone on with by the same call.
 *
 * @throws `serving.unknown_output`, `serving.input_missing`, `serving.not_by_rows`, `serving.no_row_fits`, `serving.columns_differ`, the codes of `openTable` and
 * `loadPlaced`, and the signal's reason
 */
export async function predictTables(request: TablesToPredict): Promise<PredictedTables> {
  const { version, tables, log } = request;
  const out = resolve(request.out);
  outputForm(out);
  await mkdir(dirname(out), { recursive: true });
  const model = await loadPlaced(version, log);
  let job: Job | undefined;
  try {
    const expected = inputsByName(model.inputs).filter(({ optional }) => !optional).map(({ name }) => name);
    const opened = await Promise.all(tables.map((path) => openTable(path, { expected, ...(request.delimiter !== undefined && { delimiter: request.delimiter }) })));
    const asked = await askedFor(request, opened);
    const before = await readProgress(partialName(out), asked);
    if (!before) await rm(partialName(out), { force: true });
    job = new Job({ request, out, asked, model, before });
    for (const [at, table] of opened.entries()) if (at >= job.file) await job.score(table, at);
    await job.close();
    return { ...job.counts, out, resumed: before?.counts.rows ?? 0, columns: job.columns, remarks: opened.flatMap(({ path, remarks }) => remarks.map((remark) => `${basename(path)}: ${remark}`)) };
  } catch (error) {
    await job?.leave();
    throw error;
  } finally {
    await model.release();
  }
}

/** What makes two tries the same. */
async function askedFor({ version: { model, version, files }, ids, keep, delimiter }: TablesToPredict, opened: readonly OpenTable[]): Promise<object> {
  const tables = await Promise.all(opened.map(async ({ path, size }) => ({ path, size, changed: (await stat(path)).mtimeMs })));
  return { model, version, files, tables, ids, keep, delimiter: delimiter ?? null };
}

interface JobParts {
  readonly request: TablesToPredict;
  readonly out: string;
  readonly asked: object;
  readonly model: Model;
  readonly before: Progress | undefined;
}

class Job {
  readonly #parts: JobParts;
  #file: AnswerFile | undefined;
  #sources: readonly AnswerSource[] = [];
  #kept: readonly AnswerField[] = [];
  #made: readonly AnswerField[] | undefined;
  #rows: number;
  #marked = performance.now();
  file: number;
  counts: Counts;

  constructor(parts: JobParts) {
    this.#parts = parts;
    const { before } = parts;
    this.file = before?.file ?? 0;
    this.#rows = before?.rows ?? 0;
    this.#sources = before?.sources ?? [];
    this.#kept = before?.kept ?? [];
    this.counts = before?.counts ?? { rows: 0, refused: 0, reasons: [], unseen: {} };
  }

  get columns(): string[] {
    return this.#fields.map(({ name }) => name);
  }

  async score(table: OpenTable, at: number): Promise<void> {
    const { request, model } = this.#parts;
    const { ids } = request;
    if (at > this.file) [this.file, this.#rows] = [at, 0];
    const asked = modelColumns(model, table.names, new Set([...ids, ...(request.keep ?? [])]));
    const kept = [...ids, ...(request.keep ?? table.names).filter((name) => !ids.includes(name))];
    const columns = [...asked.columns, ...kept];
    const blockRows = Math.min(mostRows, Math.max(leastRows, Math.floor(blockCells / Math.max(1, columns.length))));
    const lanes = Math.max(1, model.concurrency) + 1;
    const under: Promise<[TableBlock, ScoredBlock]>[] = [];
    const next = async (): Promise<void> => {
      request.signal?.throwIfAborted();
      const [block, scored] = await under.shift()!;
      await this.#write(table, kept, { ...block, columns: block.columns.slice(asked.columns.length) }, scored);
    };
    try {
      // A column may be an input and be kept: then it is read as it is written.
      const numbers = new Set([...asked.numbers].filter((name) => !kept.includes(name) || table.typed));
      for await (const block of table.blocks(columns, { blockRows, skip: this.#rows, numbers })) {
        const first = this.counts.rows === 0 && under.length === 0;
        const scoring = scoreBlock(model, () => blockInputs(block, asked), block.rows, first).then((scored): [TableBlock, ScoredBlock] => [block, scored]);
        scoring.catch(() => undefined); // Its turn comes.
        under.push(scoring);
        if (first || under.length >= lanes) await next();
      }
      while (under.length > 0) await next();
    } finally {
      await Promise.allSettled(under);
    }
  }

  async #write(table: OpenTable, kept: readonly string[], block: TableBlock, scored: ScoredBlock): Promise<void> {
    const { request, model } = this.#parts;
    if (this.#sources.length === 0) {
      this.#sources = answerSources(model, scored.answered[0].outputs);
      this.#kept = kept.map((name, at) => keptField(name, block.columns[at], table.integers.has(name)));
    }
    this.#file ??= await openAnswerFile(this.#parts.out, this.#fields, this.#parts.before?.mark);
    const rows = scored.rows;
    const columns: Omit<AnswerColumn, "name" | "type">[] = [
      ...(request.tables.length > 1 ? [{ values: Array.from({ length: rows }, () => basename(table.path)) }] : []),
      ...(request.ids.length === 0 ? [{ values: Float64Array.from({ length: rows }, (_, row) => this.#rows + row + 1) }] : []),
      ...this.#kept.map((field, at) => keptColumn(field, block.columns[at])),
      ...answerColumns(this.#sources, scored),
      { values: new Float64Array(rows).fill(request.version.version) },
      { values: Array.from({ length: rows }, (_, row) => scored.refused.get(row) ?? null) },
    ];
    await this.#file.write(this.#fields.map((field, at): AnswerColumn => ({ ...field, ...columns[at] })), rows);
    this.#count(scored);
    request.onProgress?.({ ...this.counts, table: basename(table.path) });
    if (performance.now() - this.#marked > markEveryMs) await this.#mark();
  }

  /** The same for all blocks: known when the first was answered. */
  get #fields(): readonly AnswerField[] {
    return (this.#made ??= this.#makeFields());
  }

  #makeFields(): AnswerField[] {
    const { request } = this.#parts;
    const fields: AnswerField[] = [
      ...(request.tables.length > 1 ? [{ name: "table", type: "STRING" as const }] : []),
      ...(request.ids.length === 0 ? [{ name: "row", type: "INT64" as const }] : []),
      ...this.#kept,
      ...this.#sources.map(({ name, type }) => ({ name, type })),
      { name: "model_version", type: "INT64" },
      { name: "error", type: "STRING" },
    ];
    const twice = fields.find(({ name }, at) => fields.findIndex((field) => field.name === name) < at);
    if (twice) throw invalid("serving.column_twice", `The answers would have the column ${JSON.stringify(twice.name)} twice: as one of the table that is kept, and as one of the answers. Leave it out of --keep, or rename it`);
    return fields;
  }

  #count({ rows, refused, unseen }: ScoredBlock): void {
    const { counts } = this;
    this.#rows += rows;
    const reasons = [...new Set([...counts.reasons, ...refused.values()])].slice(0, mostReasons);
    const seen = { ...counts.unseen };
    for (const [name, count] of unseen) seen[name] = (seen[name] ?? 0) + count;
    this.counts = { rows: counts.rows + rows, refused: counts.refused + refused.size, reasons, unseen: seen };
  }

  async #mark(): Promise<void> {
    const { out, asked } = this.#parts;
    const mark = await this.#file!.mark();
    await writeProgress(partialName(out), { asked, mark, sources: this.#sources, kept: this.#kept, file: this.file, rows: this.#rows, counts: this.counts });
    this.#marked = performance.now();
  }

  async close(): Promise<void> {
    this.#file ??= await openAnswerFile(this.#parts.out, this.#fields, this.#parts.before?.mark);
    await this.#file.close();
  }

  /** Keeps what is done. */
  async leave(): Promise<void> {
    if (!this.#file) return;
    await this.#mark().catch(() => undefined); // A disk that is full, say: an earlier mark stands.
    await this.#file.leave().catch(() => undefined);
  }
}
