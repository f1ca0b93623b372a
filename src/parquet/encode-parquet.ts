import { promisify } from "node:util";
import { constants, zstdCompress, zstdCompressSync } from "node:zlib";
import type { ColumnType, ColumnValues } from "./column-values.ts";
import { encodeStruct, i32, i64, list, struct, text } from "./compact-protocol.ts";
import type { ThriftStruct, ThriftValue } from "./compact-protocol.ts";

/*
 * Parquet (github.com/apache/parquet-format, README.md and parquet.thrift) with one page a column in each row group. Our own, because the values lie in
 * typed arrays already: a general writer takes each of them in its hand several times, which cost more than the rest of the prediction log.
 */

const physical: Readonly<Record<ColumnType, { readonly type: number; readonly converted?: number }>> = {
  BOOLEAN: { type: 0 },
  INT64: { type: 2 },
  TIMESTAMP: { type: 2, converted: 9 },
  MICROSECONDS: { type: 2, converted: 10 },
  DATE: { type: 1, converted: 6 },
  FLOAT: { type: 4 },
  DOUBLE: { type: 5 },
  STRING: { type: 6, converted: 0 },
};
const encodings = { plain: 0, rle: 3, dictionary: 8 };
const codecs = { none: 0, zstd: 6 };
const pages = { data: 0, dictionary: 2 };
const optional = 1;
const magic = Buffer.from("PAR1");
/** Pages that are smaller gain nothing by compression. */
const leastCompressed = 256;
const zstd = promisify(zstdCompress);
const fastest = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** Where a row group lies in its file, as the footer says it. */
export interface RowGroup {
  readonly meta: ThriftValue;
  readonly rows: number;
}

/** A column's page before and after its compression. */
interface Page {
  readonly type: number;
  readonly content: Uint8Array;
  readonly fields: ThriftStruct;
}

/** Frames end with a checksum of their content (RFC 8878, 3.1.1), which every reader holds them against: a bit that turns on the disk is an error, not another value. */
const checksummed = { params: { ...fastest.params, [constants.ZSTD_c_checksumFlag]: 1 } };

/** A file of these columns, each of `rows` values, in parts. Small pages are compressed too, for the sake of their checksums. */
export function encodeParquet(columns: readonly ColumnValues[], rows: number): Uint8Array[] {
  const pagesOfColumns = columns.map((column) => pagesOf(column, rows));
  const compressed = pagesOfColumns.map((column) => column.map((page) => zstdCompressSync(page.content, checksummed)));
  const { parts, group } = assemble(columns, rows, pagesOfColumns, compressed, magic.length);
  return [magic, ...parts, ...encodeFooter(columns, [group])];
}

/** The beginning of every file. */
export const fileHead: Uint8Array = magic;

/** A row group whose pages are compressed: in parts, once it is known where it lies. */
export type CompressedGroup = (offset: number) => { readonly parts: Uint8Array[]; readonly group: RowGroup };

/** Compresses one row group of a file, its columns side by side, off this thread. Their values are taken at once: their memory may be used again then. */
export function compressRowGroup(columns: readonly ColumnValues[], rows: number): Promise<CompressedGroup> {
  const pagesOfColumns = columns.map((column) => pagesOf(column, rows));
  return Promise.all(
    pagesOfColumns.map((column) => Promise.all(column.map(async (page) => (page.content.length < leastCompressed ? undefined : zstd(page.content, fastest))))),
  ).then((compressed) => (offset) => assemble(columns, rows, pagesOfColumns, compressed, offset));
}

/** The end of a file of these columns (whose values do not matter here) and row groups. */
export function encodeFooter(columns: readonly Pick<ColumnValues, "name" | "type">[], groups: readonly RowGroup[]): Uint8Array[] {
  const footer = encodeStruct({
    1: i32(2),
    2: list("struct", [struct({ 4: text("rows"), 5: i32(columns.length) }), ...columns.map(schemaElement)]),
    3: i64(groups.reduce((sum, { rows }) => sum + rows, 0)),
    4: list("struct", groups.map(({ meta }) => meta)),
    6: text("millrace"),
  });
  const end = Buffer.alloc(4);
  end.writeUInt32LE(footer.length);
  return [footer, end, magic];
}

function pagesOf({ dictionary, values, levels }: ColumnValues, rows: number): Page[] {
  const heads = { 1: i32(rows), 2: i32(dictionary ? encodings.dictionary : encodings.plain), 3: i32(encodings.rle), 4: i32(encodings.rle) };
  return [
    ...(dictionary ? [{ type: pages.dictionary, content: dictionary.bytes, fields: { 7: struct({ 1: i32(dictionary.size), 2: i32(encodings.plain) }) } }] : []),
    { type: pages.data, content: Buffer.concat([levels, values]), fields: { 5: struct(heads) } },
  ];
}

function assemble(
  columns: readonly ColumnValues[],
  rows: number,
  pagesOfColumns: readonly (readonly Page[])[],
  compressed: readonly (readonly (Uint8Array | undefined)[])[],
  start: number,
): { parts: Uint8Array[]; group: RowGroup } {
  const parts: Uint8Array[] = [];
  let offset = start;
  let size = 0;
  const put = (...some: Uint8Array[]) => {
    for (const part of some) {
      parts.push(part);
      offset += part.length;
    }
  };
  const chunks = columns.map(({ name, type, dictionary }, index): ThriftValue => {
    const begin = offset;
    let dataOffset = begin;
    let uncompressed = 0;
    // A chunk has one codec: small pages are compressed, too, where another one of theirs is.
    const codec = compressed[index].some((bytes) => bytes !== undefined) ? codecs.zstd : codecs.none;
    for (const [at, { type: kind, content, fields }] of pagesOfColumns[index].entries()) {
      if (kind === pages.data) dataOffset = offset;
      const bytes = codec === codecs.none ? content : (compressed[index][at] ?? zstdCompressSync(content, fastest));
      const head = encodeStruct({ 1: i32(kind), 2: i32(content.length), 3: i32(bytes.length), ...fields });
      uncompressed += head.length + content.length;
      put(head, bytes);
    }
    size += uncompressed;
    const encoding = dictionary ? encodings.dictionary : encodings.plain;
    const meta: ThriftStruct = {
      1: i32(physical[type].type),
      2: list("i32", [i32(encoding), i32(encodings.rle), ...(dictionary ? [i32(encodings.plain)] : [])]),
      3: list("binary", [text(name)]),
      4: i32(codec),
      5: i64(rows),
      6: i64(uncompressed),
      7: i64(offset - begin),
      9: i64(dataOffset),
      11: dictionary && i64(begin),
    };
    return struct({ 2: i64(begin), 3: struct(meta) });
  });
  return { parts, group: { meta: struct({ 1: list("struct", chunks), 2: i64(size), 3: i64(rows) }), rows } };
}

function schemaElement({ name, type }: Pick<ColumnValues, "name" | "type">): ThriftValue {
  const { type: stored, converted } = physical[type];
  return struct({ 1: i32(stored), 3: i32(optional), 4: text(name), 6: converted === undefined ? undefined : i32(converted) });
}
