import { createHash } from "node:crypto";
import type { BigIntStats } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { Readable } from "node:stream";
import { damaged, type CheckedFiles } from "../checked-file.ts";

/** Bytes that are read and hashed at once. */
const piece = 1 << 18;

/**
 * The whole content of a file that should have this SHA-256 and, where it is said, this size: hashed on its way, unless the file is known. A size that is
 * another, and whatever is wrong with a file of one piece, fails before there is a stream; the last piece of a larger one comes only once the hash has
 * turned out right, so that nobody takes what is damaged for the whole. `fail` makes the error of a sentence.
 */
export async function openChecked(path: string, sha256: string, known: CheckedFiles, fail: (what: string) => Error, size?: number): Promise<Readable> {
  const handle = await open(path);
  try {
    const state = await handle.stat({ bigint: true });
    if (size !== undefined && state.size !== BigInt(size)) throw fail(state.size === 0n ? `it is empty, and should hold ${size} bytes` : `it holds ${state.size} bytes instead of ${size}`);
    if (known.has(path, sha256, state)) return handle.createReadStream({ highWaterMark: piece });
    const stream = new CheckedStream(handle, path, sha256, state, known, fail);
    await stream.begin();
    return stream;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

class CheckedStream extends Readable {
  readonly #handle: FileHandle;
  readonly #path: string;
  readonly #sha256: string;
  readonly #before: BigIntStats;
  readonly #known: CheckedFiles;
  readonly #fail: (what: string) => Error;
  readonly #hash = createHash("sha256");
  #size = 0;
  /** Read and hashed, but not given out yet; null at the end. */
  #held: Buffer | null = null;

  constructor(handle: FileHandle, path: string, sha256: string, before: BigIntStats, known: CheckedFiles, fail: (what: string) => Error) {
    super({ highWaterMark: piece });
    this.#handle = handle;
    this.#path = path;
    this.#sha256 = sha256;
    this.#before = before;
    this.#known = known;
    this.#fail = fail;
  }

  /** Reads the first piece; all there is, of a small file, which is then checked. */
  async begin(): Promise<void> {
    this.#held = await this.#next();
    if (this.#held === null || BigInt(this.#size) === this.#before.size) await this.#check();
  }

  override _read(): void {
    this.#give().then(
      (part) => this.push(part),
      (error: Error) => this.destroy(error),
    );
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    void this.#close(error, done);
  }

  async #close(error: Error | null, done: (error?: Error | null) => void): Promise<void> {
    let failure: unknown = null;
    try {
      await this.#handle.close();
    } catch (refused) {
      failure = refused;
    }
    done(error ?? (failure as Error | null));
  }

  async #give(): Promise<Buffer | null> {
    const held = this.#held;
    if (held === null) return null;
    this.#held = await this.#next();
    if (this.#held === null) await this.#check();
    return held;
  }

  /** The next piece; null at the end of the file. */
  async #next(): Promise<Buffer | null> {
    const buffer = Buffer.allocUnsafeSlow(piece);
    const { bytesRead } = await this.#handle.read(buffer, 0, piece);
    if (bytesRead === 0) return null;
    const part = buffer.subarray(0, bytesRead);
    this.#hash.update(part);
    this.#size += bytesRead;
    return part;
  }

  async #check(): Promise<void> {
    const sha256 = this.#hash.copy().digest("hex");
    if (sha256 !== this.#sha256) throw this.#fail(damaged({ sha256, size: this.#size }));
    const after = await this.#handle.stat({ bigint: true });
    if (after.size === this.#before.size && after.mtimeNs === this.#before.mtimeNs) this.#known.add(this.#path, sha256, after);
  }
}
