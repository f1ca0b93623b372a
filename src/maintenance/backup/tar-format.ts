import { MillraceError } from "../../errors.ts";

/** POSIX.1-1988 ustar: blocks of 512 bytes, a header before each file, two empty blocks at the end. */
export const block = 512;

/** The bytes after a file up to the next block. */
export const paddingOf = (size: number): number => (block - (size % block)) % block;

/** The header of a file; names of up to 100 bytes. Sizes beyond 8 GiB as GNU tar writes them, in base 256. */
export function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(block);
  header.write(name, 0, 100, "latin1");
  header.write("0000600\0", 100, "latin1");
  header.write("0000000\0", 108, "latin1");
  header.write("0000000\0", 116, "latin1");
  if (size < 8 ** 11) header.write(`${size.toString(8).padStart(11, "0")}\0`, 124, "latin1");
  else {
    header.writeBigUInt64BE(BigInt(size), 128);
    header[124] = 0x80;
  }
  header.write("00000000000\0", 136, "latin1");
  header.write("0ustar\u000000", 156, "latin1");
  header.fill(" ", 148, 156);
  header.write(`${sumOf(header).toString(8).padStart(6, "0")}\0 `, 148, "latin1");
  return header;
}

/** Name and size of what follows; undefined at the end. Throws `maintenance.backup_damaged`. */
export function readTarHeader(header: Buffer, where: string): { readonly name: string; readonly size: number } | undefined {
  if (header.every((byte) => byte === 0)) return undefined;
  const plain = Buffer.from(header);
  plain.fill(" ", 148, 156);
  if (sumOf(plain) !== Number.parseInt(header.toString("latin1", 148, 156), 8)) throw new MillraceError("maintenance.backup_damaged", 500, `The backup ${where} is damaged: the header of one of its files is not what was written`);
  const size = header[124] === 0x80 ? Number(header.readBigUInt64BE(128)) : Number.parseInt(header.toString("latin1", 124, 136), 8);
  return { name: header.toString("latin1", 0, 100).replace(/\0.*$/s, ""), size };
}

const sumOf = (header: Buffer): number => header.reduce((sum, byte) => sum + byte, 0);
