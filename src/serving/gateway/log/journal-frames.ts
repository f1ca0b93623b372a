import { crc32 } from "node:zlib";
import type { ChunkHead } from "./chunk-head.ts";

/*
 * A journal is a file of frames: the head of the chunk as JSON, then records as they came. A frame is 16 bytes (mark, length, rows, CRC-32 of what
 * follows) and its content. The end may be torn where the process or the machine died.
 */
const mark = 0x314c524d; // MRL1
const frameHeadBytes = 16;

/** What goes before these parts of a frame. */
export function frameHead(parts: readonly Uint8Array[], rows: number): Buffer {
  const head = Buffer.allocUnsafe(frameHeadBytes);
  head.writeUInt32LE(mark, 0);
  head.writeUInt32LE(parts.reduce((sum, part) => sum + part.length, 0), 4);
  head.writeUInt32LE(rows, 8);
  head.writeUInt32LE(parts.reduce((sum, part) => crc32(part, sum), 0), 12);
  return head;
}

export interface ReadJournal {
  /** Absent where not even the first frame is whole. */
  readonly head: ChunkHead | undefined;
  /** Records, each part at the beginning of its own memory. */
  readonly parts: readonly Uint8Array[];
  readonly rows: number;
  /** Rows of frames that are there in part. */
  readonly lost: number;
}

/** What of a journal is whole; what is torn is left out and counted. Fails where it is no journal, or one of another version. */
export function readFrames(file: string, bytes: Buffer): ReadJournal {
  const first = bytes.length < frameHeadBytes ? 0 : bytes.readUInt32LE(0);
  if (first !== 0 && first !== mark) throw new Error(`${file} is no journal of this version of Millrace`);
  let head: ChunkHead | undefined;
  const parts: Uint8Array[] = [];
  let rows = 0;
  let lost = 0;
  for (let at = 0; at + frameHeadBytes <= bytes.length && bytes.readUInt32LE(at) === mark;) {
    const end = at + frameHeadBytes + bytes.readUInt32LE(at + 4);
    const content = bytes.subarray(at + frameHeadBytes, end);
    const whole = end <= bytes.length && crc32(content) === bytes.readUInt32LE(at + 12);
    const held = bytes.readUInt32LE(at + 8);
    if (at === 0) {
      if (!whole) break;
      head = JSON.parse(content.toString()) as ChunkHead;
    } else if (whole) {
      parts.push(Uint8Array.from(content)); // memory of its own, as its slots must lie at multiples of eight
      rows += held;
    } else lost += held;
    at = end;
  }
  return { head, parts, rows, lost };
}
