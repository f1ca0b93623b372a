import type { Readable } from "node:stream";

/** A blob by the SHA-256 of its content, in hex. */
export type Digest = string;

export interface BlobInfo {
  readonly sha256: Digest;
  readonly size: number;
}

/**
 * Content-addressed storage of artifacts: what is put in is found again under its hash, is never changed, and putting it twice
 * keeps one copy. A put that returned survives `kill -9` and power loss. `blobs-conformance.ts` is the contract every store passes.
 */
export interface BlobStore {
  put(content: Uint8Array | Readable): Promise<BlobInfo>;
  /**
   * Stores a file of this machine; with `move` the store may take the file itself instead of copying it, and need not read it where its writer has counted
   * and hashed what it wrote (`written`).
   */
  putFile(path: string, options?: { readonly move?: boolean; readonly written?: BlobInfo }): Promise<BlobInfo>;
  /** The whole content. Throws `storage.blob_not_found`. */
  get(sha256: Digest): Promise<Buffer>;
  stream(sha256: Digest): Promise<Readable>;
  has(sha256: Digest): Promise<boolean>;
  /** All that is there, with when it was last put (ms since 1970). */
  list(): AsyncIterable<BlobInfo & { readonly storedAt: number }>;
  /** Removes what was last put before `before`; false, and nothing happens, when it was put again since or is not there. A put at the same time wins. */
  remove(sha256: Digest, before: number): Promise<boolean>;
  /** A path on this machine where the content can be read in place; never write to it. */
  localPath(sha256: Digest): Promise<string>;
}
