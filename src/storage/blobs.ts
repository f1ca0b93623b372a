import type { Readable } from "node:stream";

/** A blob by the SHA-256 of its content, in hex. */
export type Digest = string;

export interface BlobInfo {
  readonly sha256: Digest;
  readonly size: number;
}

/** How a blob is read. */
export interface BlobReading {
  /** What it is to people, as in `artifact "model.pkl" of run 1a2b`: errors begin with it. */
  readonly of?: string;
  /** Its size as whoever asks knows it. */
  readonly size?: number;
  /** The first and the last byte of the part that is wanted; the whole when absent. */
  readonly part?: { readonly from: number; readonly to: number };
}

/**
 * Content-addressed storage of artifacts: what is put in is found again under its hash, is never changed, and putting it twice
 * keeps one copy. A put that returned survives `kill -9` and power loss. `blobs-conformance.ts` is the contract every store passes.
 *
 * A name that is a checksum is checked: what is read is hashed, once for every state of the file in a process. Whatever gives content throws
 * `storage.blob_damaged` when it is another (cut, empty, longer, changed), `storage.blob_unreadable` when the system does not give it, and where it is not
 * there `storage.blob_not_found`, or `storage.blob_missing` when somebody says what it is (`of`): it was kept here once, then.
 */
export interface BlobStore {
  put(content: Uint8Array | Readable): Promise<BlobInfo>;
  /**
   * Stores a file of this machine; with `move` the store may take the file itself instead of copying it, and need not read it where its writer has counted
   * and hashed what it wrote (`written`).
   */
  putFile(path: string, options?: { readonly move?: boolean; readonly written?: BlobInfo }): Promise<BlobInfo>;
  /** The whole content. */
  get(sha256: Digest, of?: string): Promise<Buffer>;
  /**
   * The content as a stream. A size that is another, a file of one piece and a part fail before there is a stream; the stream of a larger file that is damaged
   * breaks off before its end.
   */
  stream(sha256: Digest, reading?: BlobReading): Promise<Readable>;
  has(sha256: Digest): Promise<boolean>;
  /** All that is there, with when it was last put (ms since 1970). */
  list(): AsyncIterable<BlobInfo & { readonly storedAt: number }>;
  /** Removes what was last put before `before`; false, and nothing happens, when it was put again since or is not there. A put at the same time wins. */
  remove(sha256: Digest, before: number): Promise<boolean>;
  /** A path on this machine where the content can be read in place; never write to it. */
  localPath(sha256: Digest, of?: string): Promise<string>;
}
