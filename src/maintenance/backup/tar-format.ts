import { Header } from "tar";
import { MillraceError } from "../../errors.ts";

/** A tar is blocks of 512 bytes: a header before each file, two empty blocks at the end. */
export const block = 512;

/** The bytes after a file up to the next block. */
export const paddingOf = (size: number): number => (block - (size % block)) % block;

/** The header of a file; names of up to 100 bytes. */
export function tarHeader(path: string, size: number): Buffer {
  const buffer = Buffer.alloc(block);
  new Header({ path, size, type: "File", mode: 0o600, uid: 0, gid: 0, mtime: new Date(0) }).encode(buffer);
  return buffer;
}

/** Name and size of what follows; undefined at the end. Throws `maintenance.backup_damaged`. */
export function readTarHeader(buffer: Buffer, where: string): { readonly name: string; readonly size: number } | undefined {
  const header = new Header(buffer);
  if (header.nullBlock) return undefined;
  if (!header.cksumValid || header.path === undefined || header.size === undefined) throw new MillraceError("maintenance.backup_damaged", 500, `The backup ${where} is damaged: the header of one of its files is not what was written`);
  return { name: header.path, size: header.size };
}
