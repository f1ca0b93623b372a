import { chmod, copyFile, mkdir } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { invalid } from "../../errors.ts";
import type { BlobStore } from "../../storage/blobs.ts";

/** A content of the artifact store that is to lie in a folder. */
export interface LaidFile {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  readonly sha256: string;
  readonly executable?: boolean;
}

/** Lays files of the artifact store into a folder, as copies: whoever works there may write to them. `of` says what a file is, in errors. Throws `training.bad_path`. */
export async function layFiles(files: readonly LaidFile[], folder: string, blobs: BlobStore, of: (path: string) => string): Promise<void> {
  for (const { path, sha256, executable } of files) {
    const target = join(folder, normalize(path));
    if (!target.startsWith(`${folder}/`)) throw invalid("training.bad_path", `A file is named ${JSON.stringify(path)}, which lies outside of its folder (${of(path)})`);
    await mkdir(dirname(target), { recursive: true });
    await copyFile(await blobs.localPath(sha256, of(path)), target);
    if (executable !== undefined) await chmod(target, executable ? 0o755 : 0o644);
  }
}
