import { createHash } from "node:crypto";
import { copyFile, constants, link, mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, extname, join, normalize } from "node:path";
import { conflict, invalid } from "../errors.ts";
import { readMlModel } from "../registry/mlmodel.ts";
import type { ModelVersion } from "../registry/types.ts";
import { listVersionFiles, readSmallFile } from "../registry/version-files.ts";
import type { House } from "../stage.ts";
import type { Artifact } from "../tracking/types.ts";

type Placer = Pick<House, "db" | "blobs" | "settings">;

/** How a version's files are served: as an ONNX graph, or as a Python model that needs an interpreter. */
interface Servable {
  readonly runtime: "onnx" | "python";
  /** What the runtime opens, by its path among the files; "" is their folder. */
  readonly entry: string;
  readonly files: readonly Artifact[];
}

/**
 * Tells how a version can be served. Throws `serving.files_elsewhere` when its files are not kept here, `serving.not_servable` when there is nothing in
 * them that a runtime opens, `serving.python_not_allowed` when they are a Python model and this server was not told that it may run those.
 */
export async function servable(house: Placer, version: ModelVersion): Promise<Servable> {
  const named = `Version ${version.version} of ${version.model}`;
  const files = await listVersionFiles(house.db, version);
  if (!files) throw conflict("serving.files_elsewhere", `${named} lies at ${version.storage}, not in this server's artifact store; log it here, or import it (millrace import mlflow)`);
  const graphs = files.filter(({ path }) => path.endsWith(".onnx") || path.endsWith(".ort"));
  if (version.origin === "trained") return { runtime: "onnx", entry: graphs[0].path, files };
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

/**
 * Puts a version's files where the gateway opens them, once for every content, and returns the path and the runtime. ONNX files are links to the
 * artifacts; those of a Python model are copies, since its code could write to them.
 */
export async function placeModel(house: Placer, version: ModelVersion): Promise<{ readonly location: string; readonly runtime: string }> {
  const { runtime, entry, files } = await servable(house, version);
  const shelf = join(house.settings.home, "gateway", "models");
  await mkdir(shelf, { recursive: true });
  if (runtime === "onnx" && files.length === 1) {
    const location = join(shelf, `${files[0].sha256}${extname(files[0].path)}`);
    await bring(await house.blobs.localPath(files[0].sha256), location, true);
    return { location, runtime };
  }
  const content = files.map(({ path, sha256 }) => `${sha256} ${path}\n`).sort().join("");
  const folder = join(shelf, createHash("sha256").update(`${runtime}\n${content}`).digest("hex"));
  if (!(await stat(folder).catch(() => undefined))) await fill(house, folder, files, runtime === "onnx");
  return { location: entry === "" ? folder : join(folder, entry), runtime };
}

/** Fills a folder under another name first, so that it is there whole or not at all. */
async function fill({ blobs }: Placer, folder: string, files: readonly Artifact[], mayLink: boolean): Promise<void> {
  const making = `${folder}.making-${process.pid}`;
  await rm(making, { recursive: true, force: true });
  for (const { path, sha256 } of files) {
    const target = join(making, normalize(path));
    if (!target.startsWith(`${making}/`)) throw invalid("serving.bad_path", `A file of the model is named ${JSON.stringify(path)}, which lies outside of its folder`);
    await mkdir(dirname(target), { recursive: true });
    await bring(await blobs.localPath(sha256), target, mayLink);
  }
  await rename(making, folder).catch(async (error: NodeJS.ErrnoException) => {
    // Another call was faster.
    await rm(making, { recursive: true, force: true });
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
  });
}

async function bring(artifact: string, target: string, mayLink: boolean): Promise<void> {
  if (mayLink) {
    try {
      return await link(artifact, target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
      // Another file system, or one without hard links.
    }
  }
  const copy = `${target}.copy-${process.pid}`;
  await copyFile(artifact, copy, constants.COPYFILE_FICLONE);
  await rename(copy, target);
}
