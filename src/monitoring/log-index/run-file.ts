import { open, readFile, type FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";

/**
 * Attempts as columns, `n` of them, in order of key. A key is 64 bits: `keys[2 * i]` has the lower half of attempt i's, `keys[2 * i + 1]` the upper one.
 */
export interface Entries {
  readonly keys: Uint32Array;
  /** Milliseconds. */
  readonly eventTimes: Float64Array;
  readonly receivedAts: Float64Array;
  /** 64 bits of the row's values; 0 where there are none. */
  readonly digests: BigInt64Array;
  /** `isShadow`, `hasDigest`. */
  readonly flags: Uint8Array;
}

export const [isShadow, hasDigest] = [1, 2];

/*
 * The file of a run, little-endian: 8 bytes that say what it is, the number of attempts (32 bits), the CRC-32 of the keys and that of the rest, 4 bytes of 0;
 * then the keys (8 bytes each) and the rest: event times, times of arrival, digests (8 bytes each), flags (1 byte each).
 */
const mark = Buffer.from("MRRUN001", "latin1");
const headBytes = 24;

const bytesOf = (array: Uint32Array | Float64Array | BigInt64Array | Uint8Array): Buffer => Buffer.from(array.buffer, array.byteOffset, array.byteLength);

/** Writes a run, durable when this returns. */
export async function writeRunFile(path: string, { keys, eventTimes, receivedAts, digests, flags }: Entries): Promise<void> {
  const rest = [eventTimes, receivedAts, digests, flags].map(bytesOf);
  const head = Buffer.alloc(headBytes);
  mark.copy(head);
  head.writeUInt32LE(flags.length, 8);
  head.writeUInt32LE(crc32(bytesOf(keys)), 12);
  head.writeUInt32LE(rest.reduce((sum, part) => crc32(part, sum), 0), 16);
  const file = await open(path, "w");
  try {
    await file.writev([head, bytesOf(keys), ...rest]);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Reads the keys of a run, and what else it has of them where that is asked for. An error where the file is damaged. */
export async function readRunKeys(path: string): Promise<{ readonly keys: Uint32Array; readonly rest: () => Promise<Entries> }> {
  const file = await open(path);
  try {
    const head = await readPart(file, path, 0, headBytes);
    const n = head.readUInt32LE(8);
    if (!head.subarray(0, 8).equals(mark) || (await file.stat()).size !== headBytes + 33 * n) throw damaged(path);
    const keys = await readPart(file, path, headBytes, 8 * n);
    if (crc32(keys) !== head.readUInt32LE(12)) throw damaged(path);
    const words = new Uint32Array(keys.buffer, keys.byteOffset, 2 * n);
    return {
      keys: words,
      rest: async () => {
        const whole = await readFile(path);
        const rest = whole.subarray(headBytes + 8 * n);
        if (whole.length !== headBytes + 33 * n || crc32(rest) !== head.readUInt32LE(16)) throw damaged(path);
        const at = (column: number): ArrayBuffer => new Uint8Array(rest.subarray(8 * n * column, 8 * n * (column + 1))).buffer;
        return { keys: words, eventTimes: new Float64Array(at(0)), receivedAts: new Float64Array(at(1)), digests: new BigInt64Array(at(2)), flags: new Uint8Array(rest.subarray(24 * n)) };
      },
    };
  } finally {
    await file.close();
  }
}

async function readPart(file: FileHandle, path: string, from: number, bytes: number): Promise<Buffer> {
  const part = Buffer.from(new ArrayBuffer(bytes));
  const { bytesRead } = await file.read(part, 0, bytes, from);
  if (bytesRead < bytes) throw damaged(path);
  return part;
}

const damaged = (path: string): Error => new Error(`${path} is damaged`);
