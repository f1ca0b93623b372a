import { lstat, readdir, readFile, realpath } from "node:fs/promises";
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { invalid } from "../../errors.ts";

/** Paths of the files of an environment, relative to a folder. */
export interface RequiredFiles {
  readonly folder: string;
  /** The one that the installer is given comes first. */
  readonly paths: readonly string[];
}

const packed = /\.(whl|tar\.gz|zip)$/;
const mostBytes = 500 << 20;

/**
 * A file of pip's requirements, and the files beside it that it needs: those it includes (`-r`, `-c`), packed packages that it names by path, those of a folder of its
 * own that it has searched (`--find-links`). What else is on this machine cannot be told by a text and is refused: folders of source and editable installs.
 *
 * @throws `training.environment_not_understood`, `training.environment_not_found`
 */
export async function requirementsFiles(file: string): Promise<RequiredFiles> {
  const folder = await realpath(dirname(file));
  const paths: string[] = [];
  let bytes = 0;
  const within = async (path: string, what: string): Promise<string> => {
    const real = await realpath(path).catch(() => {
      throw invalid("training.environment_not_found", `${what} names ${relative(folder, path)}, which is not there`);
    });
    if (real.startsWith(folder + sep)) return real;
    throw invalid("training.environment_not_understood", `${what} names ${relative(folder, path)}, which is not within ${folder}; an environment must be made again from what lies beside its file`);
  };
  const take = async (path: string): Promise<boolean> => {
    const name = relative(folder, path).split(sep).join("/");
    if (paths.includes(name)) return false;
    paths.push(name);
    bytes += (await lstat(path)).size;
    if (bytes > mostBytes) throw invalid("training.environment_not_understood", `${basename(file)} would take along more than ${mostBytes >> 20} MB of packages; keep them in an index, or in a folder outside of the project, and name that by --find-links with its whole path`);
    return true;
  };
  const read = async (path: string): Promise<void> => {
    if (!(await take(path))) return;
    const text = await readFile(path, "utf8");
    for (const { line, number } of logicalLines(text)) {
      const where = `${relative(folder, path)}:${number}`;
      const needed = neededPath(line, where);
      if (needed === undefined) continue;
      const target = resolve(dirname(path), needed.path);
      if (needed.is === "folder") {
        if (isAbsolute(needed.path)) continue;
        const real = await within(target, where);
        for (const name of (await readdir(real)).toSorted()) if (packed.test(name)) await take(join(real, name));
      } else if (needed.is === "list") await read(await within(target, where));
      else await take(await within(target, where));
    }
  };
  await read(join(folder, basename(file)));
  return { folder, paths };
}

/** Lines as pip reads them: comments gone, lines that end with a backslash joined; with the number of the first. */
export function* logicalLines(text: string): Generator<{ readonly line: string; readonly number: number }> {
  let [open, from] = ["", 0];
  for (const [at, raw] of text.split(/\r?\n/).entries()) {
    if (open === "") from = at + 1;
    if (/^\s*#/.test(raw)) continue;
    if (raw.endsWith("\\")) {
      open += raw.slice(0, -1);
      continue;
    }
    const line = `${open}${raw}`.replace(/(^|\s)#.*$/, "").trim();
    open = "";
    if (line !== "") yield { line, number: from };
  }
  if (open.trim() !== "") yield { line: open.trim(), number: from };
}

interface Needed {
  readonly is: "list" | "package" | "folder";
  readonly path: string;
}

const option = /^(-r|--requirement|-c|--constraint|-e|--editable|-f|--find-links)(?:\s*=\s*|\s+|(?<=^-.))(.+)$/;
const address = /^(https?|git\+\w+|hg\+\w+|svn\+\w+|bzr\+\w+):/;

/** The path that a line of requirements needs; undefined where it needs none. */
function neededPath(line: string, where: string): Needed | undefined {
  const [, name, value = ""] = option.exec(line) ?? [];
  if (name === "-e" || name === "--editable") throw refused(where, line, "an editable install is of a folder that goes on changing");
  if (name === "-f" || name === "--find-links") return address.test(value) ? undefined : { is: "folder", path: value };
  if (name !== undefined) {
    if (address.test(value)) throw refused(where, line, "a list from the network may be another each time");
    return { is: "list", path: value };
  }
  if (line.startsWith("-") || address.test(line)) return undefined;
  const [, target = line] = /^[\w.-]+(?:\[[^\]]*\])?\s*@\s*(\S+)/.exec(line) ?? [];
  if (target.startsWith("file:")) throw refused(where, line, "it is a place on this machine");
  if (target !== line) return undefined;
  const path = line.split(/\s*;|\s+--hash/)[0].replace(/\[[^\]]*\]$/, "").trim();
  if (packed.test(path)) return { is: "package", path };
  if (path.startsWith(".") || path.includes("/") || path.includes("\\")) throw refused(where, line, "it is a folder of source");
  return undefined;
}

const refused = (where: string, line: string, why: string): Error =>
  invalid("training.environment_not_understood", `${where}: ${JSON.stringify(line.slice(0, 200))} cannot be made again from this file alone: ${why}. Name a release, a commit (git+https://…@commit) or a wheel beside the file; code of the project itself needs no install, it is in the folder in which the command runs`);
