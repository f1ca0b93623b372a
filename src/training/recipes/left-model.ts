import { lstat, readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { invalid } from "../../errors.ts";

/** The ONNX file that a training left in its model folder. */
export interface LeftFile {
  /** Relative to the model folder. */
  readonly name: string;
  readonly path: string;
  readonly bytes: Buffer;
}

/** Files of more bytes than protobuf's limit are no ONNX files. */
const mostBytes = 2 ** 31 - 1;
const mostListed = 10_000;

/**
 * Finds the one model in a model folder.
 *
 * @throws `training.no_model`, which tells what is there instead; `training.several_models`; `training.model_too_large`
 */
export async function findLeftModel(folder: string, command: string): Promise<LeftFile> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).slice(0, mostListed).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const models = files.filter((name) => name.toLowerCase().endsWith(".onnx"));
  const shown = JSON.stringify(command.slice(0, 200));
  if (models.length > 1) throw invalid("training.several_models", `${shown} left ${models.length} models in its model folder: ${models.toSorted().slice(0, 10).join(", ")}; leave the one that is to be served`);
  const [name] = models;
  const found = name === undefined ? undefined : await lstat(join(folder, name));
  if (name === undefined || found?.isFile() !== true) {
    const there = files.length === 0 ? "nothing is in it" : `it holds ${files.toSorted().slice(0, 10).join(", ")}${files.length > 10 ? ` and ${files.length - 10} more` : ""}`;
    throw invalid("training.no_model", `${shown} ended well without an ONNX file (*.onnx) in its model folder, "model_dir" of MILLRACE_JOB: ${there}. docs/recipes.md shows how models of scikit-learn, LightGBM, XGBoost and PyTorch are written as ONNX`);
  }
  if (found.size > mostBytes) throw invalid("training.model_too_large", `The model ${name} has ${found.size} bytes; an ONNX file has 2 GiB at most, with its weights in a file beside it`);
  return { name, path: join(folder, name), bytes: await readFile(join(folder, name)) };
}
