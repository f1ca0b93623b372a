import { isUtf8 } from "node:buffer";
import { open, stat } from "node:fs/promises";
import { basename, extname, resolve } from "node:path";
import { invalid, notFound } from "../../errors.ts";

export type SourceFormat = "csv" | "parquet" | "json";

const formats: Readonly<Record<string, SourceFormat>> = {
  ".csv": "csv",
  ".tsv": "csv",
  ".tab": "csv",
  ".txt": "csv",
  ".data": "csv",
  ".parquet": "parquet",
  ".pq": "parquet",
  ".json": "json",
  ".jsonl": "json",
  ".ndjson": "json",
};

/** First bytes by which a file is known, what it is called and what to do with it. */
const signatures: readonly (readonly [hex: string, name: string, remedy: string])[] = [
  ["1f8b", "a gzip archive", "unpack it first (gunzip)"],
  ["504b0304", "a zip archive or an Excel workbook", "unpack it, or save the sheet as CSV"],
  ["28b52ffd", "a zstd archive", "unpack it first (unzstd)"],
  ["425a68", "a bzip2 archive", "unpack it first (bunzip2)"],
  ["fd377a585a", "an xz archive", "unpack it first (unxz)"],
  ["50415231", "a Parquet file", "name it .parquet"],
  ["89504e47", "a PNG image", "name a table instead"],
  ["ffd8ff", "a JPEG image", "name a table instead"],
  ["25504446", "a PDF document", "name a table instead"],
  ["d0cf11e0", "an old Excel workbook", "save the sheet as CSV"],
  ["53514c69746520666f726d6174", "an SQLite database", "export the table as CSV"],
  ["8004", "a Python pickle", "save it with DataFrame.to_parquet instead"],
  ["fffe", "text in UTF-16", "save it as UTF-8 (iconv -f utf-16 -t utf-8)"],
  ["feff", "text in UTF-16", "save it as UTF-8 (iconv -f utf-16 -t utf-8)"],
];

export interface SourceFile {
  readonly path: string;
  readonly format: SourceFormat;
  /** Bytes. */
  readonly size: number;
  /** The beginning of the file, at most `headBytes`. */
  readonly head: Buffer;
}

/** How much of a text file is read to decide how it is written. */
export const headBytes = 1 << 20;

/**
 * Opens a table's file far enough to know that it is one.
 *
 * @throws `data.source_not_found`, `data.source_is_directory`, `data.unknown_format`, `data.source_empty`, `data.source_not_text`,
 * `data.source_unreadable`
 */
export async function openSource(path: string): Promise<SourceFile> {
  const absolute = resolve(path);
  const file = basename(absolute);
  const info = await stat(absolute).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === "ENOENT" || cause.code === "ENOTDIR") {
      throw notFound("data.source_not_found", `There is no file ${absolute}.`, { file: absolute });
    }
    throw invalid("data.source_unreadable", `${absolute} cannot be read: ${cause.message}`, { file: absolute });
  });
  if (info.isDirectory()) {
    throw invalid("data.source_is_directory", `${absolute} is a directory; name the table's file in it.`, { file: absolute });
  }
  const extension = extname(file).toLowerCase();
  const format = formats[extension];
  if (format === undefined) {
    const known = Object.keys(formats).join(", ");
    const has = extension === "" ? "has no extension" : `ends in ${extension}`;
    throw invalid("data.unknown_format", `${file} ${has}; a table's file ends in one of ${known}.`, { file: absolute });
  }
  if (info.size === 0) throw invalid("data.source_empty", `${file} is empty (0 bytes).`, { file: absolute });
  const head = await readHead(absolute, Math.min(info.size, headBytes));
  checkContent(absolute, format, head, info.size);
  return { path: absolute, format, size: info.size, head };
}

async function readHead(path: string, bytes: number): Promise<Buffer> {
  const handle = await open(path).catch((cause: Error) => {
    throw invalid("data.source_unreadable", `${path} cannot be read: ${cause.message}`, { file: path });
  });
  try {
    const buffer = Buffer.alloc(bytes);
    const { bytesRead } = await handle.read(buffer, 0, bytes, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

function checkContent(path: string, format: SourceFormat, head: Buffer, size: number): void {
  const file = basename(path);
  const start = head.subarray(0, 16).toString("hex");
  const signature = signatures.find(([hex]) => start.startsWith(hex));
  if (format === "parquet") {
    if (start.startsWith("50415231")) return;
    const looks = signature === undefined ? "" : ` It looks like ${signature[1]}: ${signature[2]}.`;
    throw invalid("data.source_unreadable", `${file} is not a Parquet file.${looks}`, { file: path });
  }
  if (signature !== undefined) {
    throw invalid("data.source_not_text", `${file} is not text; it looks like ${signature[1]}: ${signature[2]}.`, { file: path });
  }
  const zero = head.indexOf(0);
  if (zero !== -1) {
    const message = `${file} is not text: byte ${zero} is NUL. Save the table as CSV in UTF-8.`;
    throw invalid("data.source_not_text", message, { file: path, offset: zero });
  }
  if (head.toString("utf8").trim() === "" && head.length === size) {
    throw invalid("data.source_empty", `${file} holds only blank lines.`, { file: path });
  }
  // The head may end within a character, so only what comes before its last line end is judged.
  const end = head.length < size ? head.lastIndexOf(10) + 1 : head.length;
  if (!isUtf8(head.subarray(0, end))) throw notUtf8(path, head);
}

/** The error for text that is not UTF-8, naming the first line that is not. */
export function notUtf8(path: string, bytes: Buffer): Error {
  let line = 1;
  for (let start = 0; start < bytes.length; line += 1) {
    const newline = bytes.indexOf(10, start);
    const end = newline === -1 ? bytes.length : newline;
    if (!isUtf8(bytes.subarray(start, end))) break;
    start = end + 1;
  }
  return invalid(
    "data.source_not_text",
    `${basename(path)} is not UTF-8 text: line ${line} holds other bytes. If it is Latin-1, convert it: iconv -f latin1 -t utf-8.`,
    { file: path, line },
  );
}
