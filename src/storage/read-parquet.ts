import { parquet, pathLiteral, withConnection } from "./duckdb.ts";

/** Decodes every value of a Parquet file, checksums of its pages included; rejects with what cannot be read. */
export const readParquetWhole = (path: string): Promise<void> => withConnection(async (connection) => void (await connection.run(`SELECT bit_xor(hash(file)) FROM ${parquet(path)} file`)));

/** Reads what a Parquet file says of itself (its footer) and no values; rejects where it is cut, empty or no Parquet. */
export const readParquetFooter = (path: string): Promise<void> => withConnection(async (connection) => void (await connection.run(`SELECT count(*) FROM parquet_metadata(${pathLiteral(path)})`)));
