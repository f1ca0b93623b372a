import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

/**
 * What of a home is in no backup as a file: the database and the artifacts are there in other ways, the rest follows from them (the gateway's copies and its
 * configuration, the index of the prediction log), or tells of this machine and its processes.
 */
const leftOut = /^(millrace\.db(-wal|-shm|-journal)?|artifacts|run|logs|cache|prediction-index|restoring\.json|gateway\/(models|config\.json|last-good\.json))$|\.tmp$/;

/** A file of a home as it is now. */
export interface HomeFile {
  /** Below the home, with `/`. */
  readonly path: string;
  readonly size: number;
  /** Nanoseconds since 1970. */
  readonly changed: string;
}

/**
 * The files of a home that a backup takes, journals of the prediction log before everything else: a row goes from its journal into a Parquet file, and must not be
 * missed on its way. What is unknown is taken, too.
 */
export async function homeFiles(home: string): Promise<HomeFile[]> {
  const found: HomeFile[] = [];
  await walk(home, "gateway", found);
  await walk(home, "", found, "gateway");
  return found;
}

async function walk(home: string, folder: string, found: HomeFile[], except?: string): Promise<void> {
  // It may be gone again by now; one that cannot be read is told.
  const names = await readdir(join(home, folder)).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  for (const name of names.toSorted((one, other) => (one < other ? -1 : 1))) {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (path === except || leftOut.test(path)) continue;
    // Links are followed (the predictions of several servers lie in one folder); sockets and the like are none of ours.
    const state = await stat(join(home, path), { bigint: true }).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (state?.isDirectory()) await walk(home, path, found);
    else if (state?.isFile()) found.push({ path, size: Number(state.size), changed: String(state.mtimeNs) });
  }
}
