import { join } from "node:path";
import type { ChunkHead } from "./chunk-head.ts";

/** The Parquet file of a chunk: `<directory>/<endpoint>/<UTC day of the events>/<version>-<variant>-<id>.parquet`. */
export const fileOf = (directory: string, { endpoint, version, variant, day }: ChunkHead, id: string): string =>
  join(directory, pathSafe(endpoint), day, `${pathSafe(version)}-${pathSafe(variant)}-${id}.parquet`);

/** A name as one path segment: bytes other than letters, digits, `_`, `-` and inner dots are written as %XX. */
export const pathSafe = (name: string): string =>
  Array.from(Buffer.from(name), (byte, index) => {
    const character = String.fromCharCode(byte);
    const plain = /[A-Za-z0-9_-]/.test(character) || (character === "." && index > 0);
    return plain ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }).join("");
