import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { open, stat } from "node:fs/promises";

/** Bytes: every read waits for its turn among whatever else this process has others do. */
const hashedAtOnce = 2 << 20;

/** SHA-256 (hex) and size (bytes) of a file, read in pieces of `piece` bytes into one piece of memory: twice as fast as through a stream, which takes new memory for each. */
export async function hashFile(path: string, piece = hashedAtOnce): Promise<{ readonly sha256: string; readonly size: number }> {
  const hash = createHash("sha256");
  const file = await open(path);
  try {
    const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(piece, (await file.stat()).size + 1)));
    let size = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, size);
      if (bytesRead === 0) return { sha256: hash.digest("hex"), size };
      hash.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
    }
  } finally {
    await file.close();
  }
}

/** Files that are remembered as checked, the oldest given up first. */
const mostRemembered = 20_000;

/**
 * Files whose content was found to have the SHA-256 that it should: as long as size, time of change and inode stay, they are not read for it again. What rots
 * on the disk under a running process, with all three as they were, is therefore found by the next process.
 */
export class CheckedFiles {
  readonly #known = new Map<string, string>();
  readonly #underWay = new Map<string, Promise<string | undefined>>();
  readonly #piece: number | undefined;

  /** `piece`: bytes that are hashed without a pause, where the process has others to answer meanwhile. */
  constructor(piece?: number) {
    this.#piece = piece;
  }

  /** What is wrong with a file that should have this SHA-256, as in "it is empty"; undefined when nothing is. Rejects where the file cannot be read. */
  async damageOf(path: string, sha256: string): Promise<string | undefined> {
    const before = await stat(path, { bigint: true });
    if (this.has(path, sha256, before)) return undefined;
    const key = `${sha256} ${path}`;
    let check = this.#underWay.get(key);
    if (!check) {
      check = this.#check(path, sha256, before).finally(() => this.#underWay.delete(key));
      this.#underWay.set(key, check);
    }
    return check;
  }

  /** Whether a file in this state was found whole before. */
  has(path: string, sha256: string, state: BigIntStats): boolean {
    return this.#known.get(path) === stampOf(sha256, state);
  }

  /** Notes that a file was whole in this state. */
  add(path: string, sha256: string, state: BigIntStats): void {
    this.#known.delete(path);
    if (this.#known.size >= mostRemembered) this.#known.delete(this.#known.keys().next().value!);
    this.#known.set(path, stampOf(sha256, state));
  }

  async #check(path: string, sha256: string, before: BigIntStats): Promise<string | undefined> {
    const found = await hashFile(path, this.#piece);
    if (found.sha256 !== sha256) return damaged(found);
    const after = await stat(path, { bigint: true });
    if (stampOf(sha256, before) === stampOf(sha256, after)) this.add(path, sha256, after);
    return undefined;
  }
}

/** Says of a file that has another content than its name promises what it has. */
export const damaged = ({ sha256, size }: { readonly sha256: string; readonly size: number }): string =>
  size === 0 ? "it is empty" : `it holds ${size} bytes whose SHA-256 is ${sha256}`;

const stampOf = (sha256: string, { size, mtimeNs, ino }: BigIntStats): string => `${sha256} ${size} ${mtimeNs} ${ino}`;
