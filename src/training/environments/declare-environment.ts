import { readFile, realpath, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { invalid } from "../../errors.ts";
import type { BlobStore } from "../../storage/blobs.ts";
import { readCondaFile } from "./conda-file.ts";
import { readPyproject, readUvLock, type AskedFor } from "./project-file.ts";
import { logicalLines, requirementsFiles } from "./requirements-file.ts";
import type { DeclaredEnvironment, EnvironmentFile } from "./types.ts";

const understood = "requirements.txt, pyproject.toml, uv.lock, environment.yml, the path of a Python or of an environment's folder, or local (the Python that the server finds)";

/**
 * Takes what `train.python` names into the artifact store, read as far as is needed to know that all of it is understood.
 *
 * @throws `training.environment_not_found`, `training.environment_not_understood`
 */
export async function declareEnvironment(declared: string, folder: string, blobs: BlobStore): Promise<DeclaredEnvironment> {
  if (declared === "local") return { declared, kind: "local", files: [] };
  const path = resolve(folder, declared);
  const facts = await stat(path).catch(() => {
    throw invalid("training.environment_not_found", `train.python names ${declared}, and ${path} is not there; it may be ${understood}`);
  });
  if (facts.isDirectory()) {
    const interpreter = join(path, "bin", "python");
    if (!(await stat(interpreter).catch(() => undefined))?.isFile()) throw invalid("training.environment_not_found", `train.python names the folder ${declared}, which holds no bin/python; it may be ${understood}`);
    return { declared, kind: "interpreter", interpreter, files: [] };
  }
  const name = basename(path);
  const put = async (root: string, paths: readonly string[]): Promise<EnvironmentFile[]> => {
    const files: EnvironmentFile[] = [];
    for (const one of paths) files.push({ path: one, ...(await blobs.putFile(join(root, one))) });
    return files;
  };
  /** As pip's requirements; what it was read from is taken along for people. */
  const listed = async (kind: "pyproject.toml" | "environment.yml", { requires, lines }: AskedFor): Promise<DeclaredEnvironment> => {
    const list = `${lines.join("\n")}\n`;
    for (const { line } of logicalLines(list)) {
      if (/^-|(^|@\s*)file:|^[./]/.test(line)) throw invalid("training.environment_not_understood", `${name}: ${JSON.stringify(line)} among its packages is not understood; options and places on this machine may stand in a requirements.txt`);
    }
    const files = [{ path: "requirements.txt", ...(await blobs.put(Buffer.from(list))) }, ...(await put(dirname(path), [name]))];
    return { declared, kind, files, ...(requires !== undefined && { requires }) };
  };
  if (name === "pyproject.toml") return listed("pyproject.toml", readPyproject(await readFile(path, "utf8")));
  if (/\.ya?ml$/.test(name)) return listed("environment.yml", readCondaFile(await readFile(path, "utf8"), name));
  if (name === "uv.lock") {
    const root = await realpath(dirname(path));
    if (!(await stat(join(root, "pyproject.toml")).catch(() => undefined))?.isFile()) throw invalid("training.environment_not_found", `train.python names ${declared}, and there is no pyproject.toml beside it, which it is the lock of`);
    return { declared, kind: "uv.lock", files: await put(root, ["uv.lock", "pyproject.toml"]), ...readUvLock(await readFile(path, "utf8")) };
  }
  if (/\.(txt|in)$/.test(name)) {
    const required = await requirementsFiles(path);
    return { declared, kind: "requirements.txt", files: await put(required.folder, required.paths) };
  }
  if (facts.isFile() && (facts.mode & 0o111) !== 0) return { declared, kind: "interpreter", interpreter: path, files: [] };
  throw invalid("training.environment_not_understood", `train.python names ${declared}, which is not understood; it may be ${understood}`);
}
