import { createHash } from "node:crypto";
import { canonicalJson } from "../canonical-json.ts";
import type { DatasetColumn, TimeRange } from "./types.ts";

/** A file of a dataset version; its content is addressed by `sha256` (lower-case hex). */
export interface ManifestFile {
  readonly name: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
  readonly rows: number;
}

/** What a dataset version is, never changed once written. Whatever matters to its identity is in it; times and people are not. */
export interface DatasetManifest {
  readonly version: 1;
  /** In the order of their rows. */
  readonly files: readonly ManifestFile[];
  readonly columns: readonly DatasetColumn[];
  /** The table it was made from, as it was then; absent for rows that came by API. */
  readonly source?: { readonly name: string; readonly sha256: string };
  /** Which rows of the source. */
  readonly filter?: TimeRange;
  /** Ids of the dataset versions it was made from. */
  readonly parents: readonly string[];
}

export interface DatasetVersion {
  /** SHA-256 of the canonical JSON, lower-case hex. */
  readonly id: string;
  /** The first 12 digits of the id, for people. */
  readonly shortId: string;
  /** Canonical JSON (RFC 8785), whose bytes in UTF-8 were hashed. */
  readonly json: string;
  readonly manifest: DatasetManifest;
}

/** Names a manifest by its content: equal manifests have equal ids, whatever the order of their keys. */
export function datasetVersion(content: Omit<DatasetManifest, "version">): DatasetVersion {
  const manifest: DatasetManifest = { version: 1, ...content };
  const json = canonicalJson(manifest);
  const id = createHash("sha256").update(json).digest("hex");
  return { id, shortId: id.slice(0, 12), json, manifest };
}
