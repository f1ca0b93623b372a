import { lstat, readdir, realpath, stat } from "node:fs/promises";
import { isAbsolute, join, normalize, posix, relative, sep } from "node:path";
import { invalid } from "../../errors.ts";

/** A file of a project's folder. */
export interface FoundFile {
  /** Relative to the folder, with `/`. */
  readonly path: string;
  readonly absolute: string;
  readonly size: number;
  readonly executable: boolean;
}

/** What a whole folder may hold without being named; and what named files may. */
const limits = { whole: { bytes: 20 << 20, files: 2000 }, named: { bytes: 500 << 20, files: 20_000 } };

/** Folders that hold what tools make of a project. Those that begin with a dot, and Python's environments, are left out, too. */
const made = new Set(["node_modules", "__pycache__", "renv"]);

/**
 * The files of a project's folder that its recipe takes along: those named, or all but what tools keep there (folders that begin with a dot, `node_modules`,
 * `__pycache__`, environments of Python and R) and the source table.
 *
 * @throws `training.files_too_large`, `training.file_not_found`, `training.file_outside`
 */
export async function collectFiles(folder: string, names: readonly string[] | null, leftOut: readonly string[]): Promise<FoundFile[]> {
  const limit = names === null ? limits.whole : limits.named;
  const root = await realpath(folder).catch(() => {
    throw invalid("training.file_not_found", `The folder of the project file, ${folder}, is not there any more`);
  });
  const found = new Map<string, FoundFile>();
  let bytes = 0;
  const take = async (path: string, isNamed: boolean): Promise<void> => {
    const real = await realpath(path).catch(() => {
      throw invalid("training.file_not_found", `train.files names ${relative(root, path)}, which is not there`);
    });
    if (real !== root && !real.startsWith(root + sep)) throw invalid("training.file_outside", `${relative(root, path)} leads out of the project's folder, to ${real}; what a recipe needs lies within it, so that it can be run again anywhere`);
    const facts = await stat(real);
    if (facts.isDirectory()) {
      const entries = await readdir(real);
      // An environment of Python is made anew from what it was made of.
      if (!isNamed && entries.includes("pyvenv.cfg")) return;
      for (const entry of entries.toSorted()) {
        const inner = join(path, entry);
        const isLeftOut = made.has(entry) || leftOut.includes(join(real, entry)) || (entry.startsWith(".") && (await lstat(inner)).isDirectory());
        if (!isLeftOut) await take(inner, false);
      }
      return;
    }
    if (!facts.isFile()) return;
    const name = relative(root, path).split(sep).join(posix.sep);
    if (found.has(name)) return;
    found.set(name, { path: name, absolute: real, size: facts.size, executable: (facts.mode & 0o100) !== 0 });
    bytes += facts.size;
    if (bytes > limit.bytes || found.size > limit.files) {
      const largest = [...found.values()].toSorted((a, b) => b.size - a.size).slice(0, 3).map((file) => `${file.path} (${(file.size / 2 ** 20).toFixed(1)} MB)`);
      throw invalid("training.files_too_large", `The recipe would take along more than ${limit.bytes >> 20} MB or ${limit.files} files of ${folder}, such as ${largest.join(", ")}; name what its command needs in train.files, such as [train.py]`);
    }
  };
  if (names === null) await take(root, false);
  for (const name of names ?? []) {
    const path = normalize(name);
    if (isAbsolute(path) || path === ".." || path.startsWith(`..${sep}`)) throw invalid("training.file_outside", `train.files names ${name}, which is not within the folder of the project file`);
    await take(join(root, path), true);
  }
  return [...found.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}
