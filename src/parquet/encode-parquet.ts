import { constants, zstdCompressSync } from "node:zlib";
import type { ColumnType, ColumnValues } from "./column-values.ts";
import { encodeStruct, i32, i64, list, struct, text } from "./compact-protocol.ts";
import type { ThriftStruct, ThriftValue } from "./compact-protocol.ts";

/*
 * Parquet (github.com/apache/parquet-format, README.md and parquet.thrift) of one row group with one page a column. Our own, because the values lie in
 * typed arrays already: a general writer takes each of them in its hand several times, which cost more than the rest of the prediction log.
 */

const physical: Readonly<Record<ColumnType, { readonly type: number; readonly converted?: number }>> = {
  BOOLEAN: { type: 0 },
  INT64: { type: 2 },
  TIMESTAMP: { type: 2, converted: 9 },
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
const fastest = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };

/** A file of these columns, each of `rows` values, in parts. */
export function encodeParquet(columns: readonly ColumnValues[], rows: number): Uint8Array[] {
  const parts: Uint8Array[] = [magic];
  let offset = magic.length;
  let size = 0;
  const put = (...some: Uint8Array[]) => {
    for (const part of some) {
      parts.push(part);
      offset += part.length;
    }
  };
  const chunks = columns.map((column): ThriftValue => {
    const { dictionary, values, levels } = column;
    const start = offset;
    const codec = values.length < leastCompressed ? codecs.none : codecs.zstd;
    let uncompressed = 0;
    const page = (type: number, content: Uint8Array, fields: ThriftStruct) => {
      const compressed = codec === codecs.none ? content : zstdCompressSync(content, fastest);
      const head = encodeStruct({ 1: i32(type), 2: i32(content.length), 3: i32(compressed.length), ...fields });
      uncompressed += head.length + content.length;
      put(head, compressed);
    };
    if (dictionary) page(pages.dictionary, dictionary.bytes, { 7: struct({ 1: i32(dictionary.size), 2: i32(encodings.plain) }) });
    const dataOffset = offset;
    const encoding = dictionary ? encodings.dictionary : encodings.plain;
    const heads = { 1: i32(rows), 2: i32(encoding), 3: i32(encodings.rle), 4: i32(encodings.rle) };
    page(pages.data, Buffer.concat([levels, values]), { 5: struct(heads) });
    size += uncompressed;
    const meta: ThriftStruct = {
      1: i32(physical[column.type].type),
      2: list("i32", [i32(encoding), i32(encodings.rle), ...(dictionary ? [i32(encodings.plain)] : [])]),
      3: list("binary", [text(column.name)]),
      4: i32(codec),
      5: i64(rows),
      6: i64(uncompressed),
      7: i64(offset - start),
      9: i64(dataOffset),
      11: dictionary && i64(start),
    };
    return struct({ 2: i64(start), 3: struct(meta) });
  });
  const footer = encodeStruct({
    1: i32(2),
    2: list("struct", [struct({ 4: text("rows"), 5: i32(columns.length) }), ...columns.map(schemaElement)]),
    3: i64(rows),
    4: list("struct", [struct({ 1: list("struct", chunks), 2: i64(size), 3: i64(rows) })]),
    6: text("millrace"),
  });
  const end = Buffer.alloc(4);
  end.writeUInt32LE(footer.length);
  put(footer, end, magic);
  return parts;
}

function schemaElement({ name, type }: ColumnValues): ThriftValue {
  const { type: stored, converted } = physical[type];
  return struct({ 1: i32(stored), 3: i32(optional), 4: text(name), 6: converted === undefined ? undefined : i32(converted) });
}
