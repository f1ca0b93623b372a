import { open, rename, rm, type FileHandle } from "node:fs/promises";
import { extname } from "node:path";
import { invalid } from "../../errors.ts";
import { codedColumn, numberColumn, truthColumn, type ColumnValues } from "../../parquet/column-values.ts";
import { ParquetFile, type ParquetMark } from "../../parquet/parquet-file.ts";
import { csvCell } from "../gateway/protocols/mlflow-scoring/csv.ts";
import { shortText } from "../gateway/tensors/json-text.ts";
import type { AnswerColumn, AnswerField } from "./answer-columns.ts";

/** Up to where the answers are on the disk: plain JSON. */
export type AnswerMark = ParquetMark | { readonly offset: number };

/** A file of answers that grows block by block under another name, `<path>.partial`, and has its own only when it is whole. */
export interface AnswerFile {
  write(columns: readonly AnswerColumn[], rows: number): Promise<void>;
  mark(): Promise<AnswerMark>;
  /** Ends it, and gives it its name; an existing file is replaced. */
  close(): Promise<void>;
  /** Leaves it as it is, to be gone on with. */
  leave(): Promise<void>;
}

export const partialName = (path: string): string => `${path}.partial`;

/** Where it is noted how far a file of that other name is. */
export const progressName = (partial: string): string => `${partial}.json`;

/** Which form a file of answers has, by its ending. Throws `serving.unknown_output`. */
export function outputForm(path: string): "parquet" | "csv" {
  const ending = extname(path).toLowerCase();
  if (ending === ".parquet" || ending === ".pq") return "parquet";
  if (ending === ".csv") return "csv";
  throw invalid("serving.unknown_output", `${path} ends in ${ending === "" ? "nothing" : ending}; answers are written as .parquet or .csv`, { path });
}

/** Begins a file of answers, or goes on with one from a mark. */
export async function openAnswerFile(path: string, fields: readonly AnswerField[], mark: AnswerMark | undefined): Promise<AnswerFile> {
  const partial = partialName(path);
  return outputForm(path) === "parquet" ? await openParquet(path, partial, fields, mark as ParquetMark | undefined) : await openCsv(path, partial, fields, mark);
}

async function openParquet(path: string, partial: string, fields: readonly AnswerField[], mark: ParquetMark | undefined): Promise<AnswerFile> {
  const file = mark ? await ParquetFile.reopen(partial, mark) : await ParquetFile.create(partial);
  return {
    write: (columns, rows) => file.write(columns.map(parquetColumn), rows),
    mark: () => file.mark(),
    async close() {
      await file.mark();
      await file.close(fields);
      await replace(partial, path);
    },
    leave: () => file.abandon(),
  };
}

function parquetColumn({ name, type, values }: AnswerColumn): ColumnValues {
  if (type === "STRING") return textColumn(name, values as readonly (string | null)[]);
  if (type === "BOOLEAN") return truthColumn(name, Int32Array.from(values as Float64Array, (value) => (Number.isNaN(value) ? -1 : value)));
  return numberColumn(name, type, values as Float64Array);
}

function textColumn(name: string, texts: readonly (string | null)[]): ColumnValues {
  const codes = new Map<string, number>();
  const coded = Int32Array.from(texts, (text) => {
    if (text === null) return -1;
    const known = codes.get(text);
    if (known !== undefined) return known;
    codes.set(text, codes.size);
    return codes.size - 1;
  });
  return codedColumn(name, coded, [...codes.keys()]);
}

async function openCsv(path: string, partial: string, fields: readonly AnswerField[], mark: AnswerMark | undefined): Promise<AnswerFile> {
  const file = await open(partial, mark ? "r+" : "w");
  let offset = 0;
  const put = async (text: string): Promise<void> => {
    const bytes = Buffer.from(text);
    await writeWhole(file, bytes, offset);
    offset += bytes.length;
  };
  if (mark) {
    await file.truncate(mark.offset);
    offset = mark.offset;
  } else await put(`${fields.map(({ name }) => csvCell(name)).join(",")}\n`);
  return {
    write: (columns, rows) => put(csvLines(columns, rows)),
    async mark() {
      await file.sync();
      return { offset };
    },
    async close() {
      await file.sync();
      await file.close();
      await replace(partial, path);
    },
    leave: () => file.close(),
  };
}

async function writeWhole(file: FileHandle, bytes: Buffer, offset: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) written += (await file.write(bytes, written, bytes.length - written, offset + written)).bytesWritten;
}

function csvLines(columns: readonly AnswerColumn[], rows: number): string {
  const cells = columns.map(csvCells);
  let text = "";
  for (let row = 0; row < rows; row++) {
    for (let at = 0; at < cells.length; at++) text += at === 0 ? cells[at](row) : `,${cells[at](row)}`;
    text += "\n";
  }
  return text;
}

/** The cell of a row as it is written; nothing for a missing value. */
function csvCells({ type, values }: AnswerColumn): (row: number) => string {
  if (type === "STRING") return (row) => (values[row] === null ? "" : csvCell(values[row] as string));
  const numbers = values as Float64Array;
  const write = type === "FLOAT" ? (value: number) => shortText(value, "FP32") : type === "TIMESTAMP" ? (value: number) => new Date(value).toISOString() : type === "BOOLEAN" ? (value: number) => String(value !== 0) : String;
  return (row) => (Number.isNaN(numbers[row]) ? "" : write(numbers[row]));
}

async function replace(partial: string, path: string): Promise<void> {
  // The note goes first: it must not tell of a file that has its own name.
  await rm(progressName(partial), { force: true });
  await rename(partial, path);
}
