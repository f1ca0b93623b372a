import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { copyFile, constants, link, mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, extname, join, normalize } from "node:path";
import { CheckedFiles } from "../checked-file.ts";
import { conflict, invalid, MillraceError } from "../errors.ts";
import { readMlModel } from "../registry/mlmodel.ts";
import type { ModelVersion } from "../registry/types.ts";
import { listVersionFiles, readSmallFile, versionFile } from "../registry/version-files.ts";
import type { House } from "../stage.ts";
import type { BlobStore } from "../storage/blobs.ts";
import type { Artifact } from "../tracking/types.ts";
import type { PythonModel } from "../training/types.ts";
import type { VariantConfig } from "./gateway/config/config.ts";

type Placer = Pick<House, "db" | "blobs" | "settings">;

/** How a version's files are served: as an ONNX graph, or as a Python model that needs an interpreter. */
interface Servable {
  readonly runtime: "onnx" | "python";
  /** What the runtime opens, by its path among the files; "" is their folder. */
  readonly entry: string;
  readonly files: readonly Artifact[];
  /** The interpreter that it was trained in, where it has one of its own. */
  readonly python?: string;
}

/** The files of a version, which must be kept here. Throws `serving.files_elsewhere`. */
export async function filesHere({ db }: Pick<House, "db">, version: ModelVersion): Promise<readonly Artifact[]> {
  const files = await listVersionFiles(db, version);
  if (files) return files;
  throw conflict("serving.files_elsewhere", `Version ${version.version} of ${version.model} lies at ${version.storage}, not in this server's artifact store; log it here, or import it (millrace import mlflow)`);
}

/**
 * Tells how a version can be served. Throws `serving.files_elsewhere` when its files are not kept here, `serving.not_servable` when there is nothing in
 * them that a runtime opens, `serving.python_not_allowed` when they are a Python model and this server was not told that it may run those.
 */
export async function servable(house: Placer, version: ModelVersion): Promise<Servable> {
  const named = `Version ${version.version} of ${version.model}`;
  const files = await filesHere(house, version);
  const graphs = files.filter(({ path }) => path.endsWith(".onnx") || path.endsWith(".ort"));
  // The owner of the home had it trained: its code is no stranger's.
  if (version.origin === "trained") return version.artifact.python ? { runtime: "python", entry: "", files, python: pythonOf(house, named, version.artifact.python) } : { runtime: "onnx", entry: graphs[0].path, files };
  const text = await readSmallFile(house, files, "MLmodel");
  const flavors = text === undefined ? {} : (readMlModel(text).format?.flavors ?? {});
  const graph = flavors["onnx"]?.["data"];
  if (graph !== undefined && graphs.some(({ path }) => path === graph)) return { runtime: "onnx", entry: graph, files };
  if (graphs.length === 1 && flavors["python_function"] === undefined) return { runtime: "onnx", entry: graphs[0].path, files };
  if (flavors["python_function"] === undefined) {
    throw invalid("serving.not_servable", `${named} holds neither an ONNX graph (one *.onnx or *.ort file) nor an MLmodel with the flavor python_function: ${files.length === 0 ? "it has no files" : `its files are ${files.slice(0, 8).map(({ path }) => path).join(", ")}`}`);
  }
  if (house.settings.python === null) {
    throw invalid(
      "serving.python_not_allowed",
      `${named} is a Python model, which runs the code of whoever logged it. Start the server with --python <interpreter with mlflow and the model's requirements> to allow that, or convert it to ONNX (millrace models convert)`,
    );
  }
  return { runtime: "python", entry: "", files };
}

/** The Python that a version was trained in; where it has gone (a home that was restored elsewhere), the one that the server was told of. Throws `serving.python_gone`. */
function pythonOf({ settings }: Placer, named: string, { interpreter, version, packages }: PythonModel): string {
  if (existsSync(interpreter)) return interpreter;
  if (settings.python !== null) return settings.python;
  const main = Object.entries(packages).filter(([name]) => /^(mlflow|scikit-learn|lightgbm|xgboost|catboost|torch|tensorflow|keras)$/.test(name)).map(([name, of]) => `${name} ${of}`);
  throw conflict("serving.python_gone", `${named} was trained in the Python ${interpreter}, which is not there any more. Train it again (millrace run), or start the server with --python <a Python ${version} with ${main.length === 0 ? "what the model's requirements.txt names" : main.join(", ")}>`);
}

/** Files on the shelf that are as they should be. */
const checked = new CheckedFiles();

/**
 * Puts a version's files where the gateway opens them, once for every content, and says where they are, what they hold and how they are run. ONNX files are
 * links to the artifacts; those of a Python model are copies, since its code could write to them. What lies there already is checked, and brought again where
 * it is damaged; so are the artifacts (`storage.blob_damaged`, `storage.blob_missing`).
 */
export async function placeModel(house: Placer, version: ModelVersion): Promise<Pick<VariantConfig, "location" | "runtime" | "content" | "options">> {
  const { runtime, entry, files, python } = await servable(house, version);
  const shelf = join(house.settings.home, "gateway", "models");
  await mkdir(shelf, { recursive: true });
  const nameOf = (path: string): string => versionFile(version, path);
  if (runtime === "onnx" && files.length === 1) {
    const { sha256, path } = files[0];
    const name = `${sha256}${extname(path)}`;
    await bring(house.blobs, { ...files[0], path: name }, join(shelf, name), true, nameOf(path));
    return { location: join(shelf, name), runtime, content: { folder: shelf, files: { [name]: sha256 } } };
  }
  const content = files.map(({ path, sha256 }) => `${sha256} ${path}\n`).sort().join("");
  const folder = join(shelf, createHash("sha256").update(`${runtime}\n${content}`).digest("hex"));
  if (await stat(folder).catch(() => undefined)) await fill(house, folder, files, runtime === "onnx", nameOf);
  else await make(house, folder, files, runtime === "onnx", nameOf);
  return { location: entry === "" ? folder : join(folder, entry), runtime, content: { folder, files: Object.fromEntries(files.map(({ path, sha256 }) => [normalize(path), sha256])) }, ...(python !== undefined && { options: { python } }) };
}

/** Fills a folder under another name first, so that it is there whole or not at all. */
async function make(house: Placer, folder: string, files: readonly Artifact[], mayLink: boolean, nameOf: (path: string) => string): Promise<void> {
  const making = `${folder}.making-${process.pid}`;
  await rm(making, { recursive: true, force: true });
  await fill(house, making, files, mayLink, nameOf);
  await rename(making, folder).catch(async (error: NodeJS.ErrnoException) => {
    // Another call was faster.
    await rm(making, { recursive: true, force: true });
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  });
}

async function fill({ blobs }: Placer, folder: string, files: readonly Artifact[], mayLink: boolean, nameOf: (path: string) => string): Promise<void> {
  for (const file of files) {
    const target = join(folder, normalize(file.path));
    if (!target.startsWith(`${folder}/`)) throw invalid("serving.bad_path", `A file of the model is named ${JSON.stringify(file.path)}, which lies outside of its folder`);
    await mkdir(dirname(target), { recursive: true });
    await bring(blobs, file, target, mayLink, nameOf(file.path));
  }
}

/** Puts an artifact's content at `target`, unless it is there. What is there and damaged is replaced in one step. */
async function bring(blobs: BlobStore, { sha256 }: Artifact, target: string, mayLink: boolean, of: string): Promise<void> {
  if ((await checked.damageOf(target, sha256).catch(() => "it cannot be read")) === undefined) return;
  const artifact = await blobs.localPath(sha256, of);
  const coming = `${target}.copy-${process.pid}-${randomUUID()}`;
  // Another file system, or one without hard links, takes a copy.
  const linked = mayLink && (await link(artifact, coming).then(() => true, () => false));
  if (!linked) await copyFile(artifact, coming, constants.COPYFILE_FICLONE);
  await rename(coming, target);
  // Renaming over a link to the same file does nothing, and leaves both names.
  await rm(coming, { force: true });
  const what = await checked.damageOf(target, sha256);
  if (what !== undefined) throw new MillraceError("serving.not_placed", 500, `${of} cannot be put where the gateway opens it: ${target} differs from the artifact, ${what}`);
}
