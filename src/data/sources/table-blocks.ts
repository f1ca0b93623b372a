import { withConnection } from "../../storage/duckdb.ts";
import { columnNotFound } from "../column-names.ts";
import { CellBlock, type BlockCells } from "../columns/cell-block.ts";
import { ChunkCells } from "../columns/chunk-cells.ts";
import type { CsvChoices } from "./csv-dialect.ts";
import { csvLayout } from "./csv-layout.ts";
import { handOver } from "./handover.ts";
import type { Layout } from "./layout.ts";
import { scanCsv } from "./scan-csv.ts";
import { openSource, type SourceFile } from "./source-file.ts";
import { explained, nestedRemark, unreadable } from "./source.ts";
import { eachChunk } from "./stream-cells.ts";
import { typedLayout } from "./typed-layout.ts";

/** Consecutive rows of a table's file, column by column in the order that was asked for. */
export interface TableBlock {
  readonly rows: number;
  readonly columns: readonly BlockCells[];
}

export interface BlockOptions {
  /** At most so many rows at once. */
  readonly blockRows: number;
  /** Rows that are passed over at the beginning. */
  readonly skip?: number;
  /** Columns in which a plain number is its text, whatever its digits. */
  readonly numbers?: ReadonlySet<string>;
}

/** A table's file whose rows are read block by block, each cell as it stands: what it means is for others to say. */
export interface OpenTable {
  /** Absolute path. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  readonly names: readonly string[];
  /** The file says what its cells are, so that no number is read from a text. */
  readonly typed: boolean;
  /** Columns of whole numbers, where the file says so. */
  readonly integers: ReadonlySet<string>;
  /** What a person should know of how the file is read. */
  readonly remarks: readonly string[];
  /** @throws `data.column_not_found`; the codes of `inspectSource` for what cannot be read */
  blocks(columns: readonly string[], options: BlockOptions): AsyncGenerator<TableBlock>;
}

/**
 * Opens a table's file (the formats of `inspectSource`) to be read from its beginning to its end, in memory that does not grow with it. A first line that has
 * all the names that are `expected` is one of names, whatever stands under it.
 *
 * @throws the codes of `openSource`, `data.delimiter_invalid`, `data.source_unreadable`
 */
export async function openTable(path: string, choices: CsvChoices & { readonly expected?: readonly string[] } = {}): Promise<OpenTable> {
  const file = await openSource(path);
  const { path: absolute, size } = file;
  if (file.format === "csv") {
    const { layout, dialect, remarks } = await namedLayout(file, choices);
    return tableOf({ path: absolute, size, remarks }, layout, csvBlocks, (cause) => explained(file, dialect, cause));
  }
  const { layout, nested } = await withConnection((connection) => typedLayout(connection, file)).catch((cause: unknown) => Promise.reject(unreadable(file, cause)));
  const remarks = nested.map((column) => nestedRemark(column).message);
  return tableOf({ path: absolute, size, remarks }, layout, typedBlocks, (cause) => explained(file, undefined, cause));
}

/** A header of names only, over texts only, does not look like one. */
async function namedLayout(file: SourceFile, { expected = [], ...choices }: CsvChoices & { readonly expected?: readonly string[] }): ReturnType<typeof csvLayout> {
  const found = await csvLayout(file, choices);
  if (found.dialect.header || expected.length === 0 || choices.header !== undefined) return found;
  const named = await csvLayout(file, { ...choices, header: true });
  const names = new Set(named.layout.columns.map(({ name }) => name));
  return expected.every((name) => names.has(name)) ? named : found;
}

interface Wanted {
  /** The places of the columns in the file. */
  readonly places: readonly number[];
  readonly blockRows: number;
  readonly skip: number;
  /** The places of columns of plain numbers. */
  readonly plain: ReadonlySet<number>;
}

type Put = (block: TableBlock) => Promise<void>;

function tableOf(facts: Pick<OpenTable, "path" | "size" | "remarks">, layout: Layout, read: (layout: Layout, wanted: Wanted, put: Put) => Promise<void>, explain: (cause: unknown) => Promise<unknown>): OpenTable {
  const names = layout.columns.map(({ name }) => name);
  const place = (name: string): number => {
    const at = names.indexOf(name);
    if (at < 0) throw columnNotFound(name, names, "column to read");
    return at;
  };
  return {
    ...facts,
    names,
    typed: layout.csv === undefined,
    integers: new Set(layout.columns.flatMap(({ name, floats, select }) => (select?.kind === "number" && floats === false ? [name] : []))),
    blocks(columns, { blockRows, skip = 0, numbers = new Set() }) {
      const wanted: Wanted = { places: columns.map(place), blockRows, skip, plain: new Set([...numbers].map(place)) };
      return handOver<TableBlock>(async (put) => {
        await read(layout, wanted, put).catch(async (cause: unknown) => Promise.reject(await explain(cause)));
      });
    },
  };
}

async function csvBlocks({ path, csv, columns }: Layout, { places, blockRows, skip, plain }: Wanted, put: Put): Promise<void> {
  const kept = places.map((at) => new CellBlock(blockRows, plain.has(at)));
  let [seen, rows] = [0, 0];
  const cut = (): Promise<void> => {
    const block: TableBlock = { rows, columns: kept.map((column) => column.take()) };
    rows = 0;
    return put(block);
  };
  // Columns that nobody asked for, and rows that are passed over, go nowhere.
  const sinks = columns.map((_, at) => {
    const mine = places.flatMap((place, index) => (place === at ? [kept[index]] : []));
    const keep = (give: (column: CellBlock) => void): void => {
      if (seen >= skip) for (const column of mine) give(column);
    };
    return {
      bytes: (buffer: Uint8Array, start: number, end: number) => keep((column) => column.bytes(buffer, start, end)),
      text: (text: string) => keep((column) => column.text(text)),
      number: (value: number) => keep((column) => column.number(value)),
      time: (value: number) => keep((column) => column.time(value)),
      missing: () => keep((column) => column.missing()),
    };
  });
  const onRow = (): Promise<void> | undefined => (seen++ < skip || ++rows < blockRows ? undefined : cut());
  await scanCsv(path, { ...csv!, onRow }, sinks);
  if (rows > 0) await cut();
}

async function typedBlocks(layout: Layout, { places, blockRows, skip }: Wanted, put: Put): Promise<void> {
  const wanted = places.map((at) => layout.columns[at]);
  const kept = wanted.map((column, at) => new ChunkCells(column, at, blockRows));
  let rows = 0;
  const cut = async (): Promise<void> => {
    const block: TableBlock = { rows, columns: kept.map((column) => column.take(rows)) };
    rows = 0;
    if (block.rows > 0) await put(block);
  };
  await eachChunk({ ...layout, columns: wanted }, skip, async (chunk) => {
    // A block holds whole chunks.
    if (rows + chunk.rowCount > blockRows) await cut();
    for (const column of kept) column.add(chunk, rows);
    rows += chunk.rowCount;
  });
  await cut();
}
