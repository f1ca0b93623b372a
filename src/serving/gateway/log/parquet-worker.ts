import { parentPort } from "node:worker_threads";
import type { MessagePort } from "node:worker_threads";
import { constants, zstdCompressSync } from "node:zlib";
import { parquetWriteBuffer } from "hyparquet-writer";
import { describeError } from "../../../errors.ts";
import { writeDurably } from "../durable-file.ts";
import type { LogColumn } from "./log-columns.ts";

export interface WriteRequest {
  readonly id: number;
  readonly file: string;
  readonly rows: number;
  readonly columns: readonly LogColumn[];
}

export interface WriteAnswer {
  readonly id: number;
  /** Absent when the file is durable. */
  readonly error?: string;
}

const rowsPerGroup = 100_000;
const fastest = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Few numbers and ids are there twice: to look for that costs more than it saves. Categories get a dictionary. */
const encodingOf = (column: LogColumn): { encoding?: "PLAIN" } =>
  "numbers" in column || ("codes" in column && column.dictionary.length > column.codes.length / 2) ? { encoding: "PLAIN" } : {};

/** Encodes the columns as Parquet and writes them, wholly or not at all. */
async function write({ file, rows, columns }: WriteRequest): Promise<void> {
  const content = parquetWriteBuffer({
    columnData: columns.map((column) => ({ name: column.name, type: column.type, data: cells(column, rows), ...encodingOf(column) })),
    rowGroupSize: rowsPerGroup,
    createdBy: "millrace",
    // Files are chosen by endpoint and day: nobody asks for the least and the greatest of a column.
    statistics: false,
    codec: "ZSTD",
    compressors: { ZSTD: (input) => zstdCompressSync(input, fastest) },
  });
  await writeDurably(file, new Uint8Array(content));
}

function cells(column: LogColumn, rows: number): unknown[] {
  if ("constant" in column) return Array.from({ length: rows }, () => column.constant);
  if ("codes" in column) return Array.from(column.codes, (code) => (code < 0 ? null : column.dictionary[code]));
  const { numbers, type } = column;
  if (type === "DOUBLE") return Array.from(numbers, (value) => (Number.isNaN(value) ? null : value));
  return Array.from(numbers, (value) => (Number.isNaN(value) ? null : BigInt(value))); // instants are whole milliseconds
}

/** Writes one file after the other until told to close. */
function work(port: MessagePort): void {
  const answer = (message: WriteAnswer) => port.postMessage(message, []);
  let last = Promise.resolve();
  port.on("message", (request: WriteRequest | "close") => {
    last = last.then(async () => {
      if (request === "close") return port.close();
      await write(request).then(
        () => answer({ id: request.id }),
        (error: unknown) => answer({ id: request.id, error: describeError(error) }),
      );
    });
  });
}

if (parentPort) work(parentPort);
