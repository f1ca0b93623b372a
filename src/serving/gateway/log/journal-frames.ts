import { crc32 } from "node:zlib";
import type { ChunkHead } from "./chunk-head.ts";

/*
 * A journal is a file of frames: the head of the chunk as JSON, then records as they came. A frame is 16 bytes (mark, length, rows, CRC-32 of what
 * follows, begun with the rows) and its content. The end may be torn where the process or the machine died.
 */
const mark = Buffer.from("MRL2");
/** Of journals of before, whose checksums leave out how many rows a frame has. */
const formerMark = Buffer.from("MRL1");
const frameHeadBytes = 16;

/** What goes before these parts of a frame. */
export function frameHead(parts: readonly Uint8Array[], rows: number): Buffer {
  const head = Buffer.allocUnsafe(frameHeadBytes);
  mark.copy(head, 0);
  head.writeUInt32LE(parts.reduce((sum, part) => sum + part.length, 0), 4);
  head.writeUInt32LE(rows, 8);
  head.writeUInt32LE(parts.reduce((sum, part) => crc32(part, sum), rows), 12);
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

/**
 * What of a journal is whole; what is torn or damaged is left out and counted, and what follows a damaged frame is found again by its mark. Fails where it is no
 * journal, or one of another version, and where its head is damaged though rows follow, which nobody can name then.
 */
export function readFrames(file: string, bytes: Buffer): ReadJournal {
  const kind = bytes.subarray(0, mark.length);
  const known = kind.equals(mark) || kind.equals(formerMark);
  if (bytes.length >= frameHeadBytes && !known && bytes.readUInt32LE(0) !== 0) throw new Error(`${file} is no journal of this version of Millrace`);
  const startsAt = (at: number): boolean => known && at + frameHeadBytes <= bytes.length && bytes.subarray(at, at + kind.length).equals(kind);
  let head: ChunkHead | undefined;
  const parts: Uint8Array[] = [];
  let rows = 0;
  let lost = 0;
  for (let at = 0; at >= 0 && startsAt(at);) {
    const end = at + frameHeadBytes + bytes.readUInt32LE(at + 4);
    const held = bytes.readUInt32LE(at + 8);
    const content = bytes.subarray(at + frameHeadBytes, end);
    const whole = end <= bytes.length && crc32(content, kind.equals(mark) ? held : 0) === bytes.readUInt32LE(at + 12);
    const next = whole && (end === bytes.length || startsAt(end)) ? end : bytes.indexOf(kind, at + kind.length);
    if (at === 0) {
      if (!whole && next > 0) throw new Error(`The head of the journal ${file} is damaged, so nobody knows what its rows are of; put it back from a copy, or remove it`);
      if (!whole) break;
      head = JSON.parse(content.toString()) as ChunkHead;
    } else if (whole) {
      parts.push(Uint8Array.from(content)); // memory of its own, as its slots must lie at multiples of eight
      rows += held;
    } else lost += rowsWithin(held, content);
    // What follows a whole frame and does not begin as one was one.
    if (whole && next !== end) lost += end + frameHeadBytes <= bytes.length ? rowsWithin(bytes.readUInt32LE(end + 8), bytes.subarray(end)) : 1;
    at = next;
  }
  return { head, parts, rows, lost };
}

/** How many rows were in a damaged frame. The count may be damaged itself: a row has some bytes, and there is no frame without one. */
const rowsWithin = (held: number, content: Uint8Array): number => Math.max(1, Math.min(held, content.length));
