import { lstat, readdir } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { invalid } from "../../errors.ts";

/** The model that a training left in its model folder. */
export interface LeftFile {
  /** `mlflow`: the folder of an MLflow model; `pickle`: a file of pickle or joblib. */
  readonly kind: "onnx" | "mlflow" | "pickle";
  /** Relative to the model folder. */
  readonly name: string;
  readonly path: string;
}

/** Files of more bytes than protobuf's limit are no ONNX files. */
const mostBytes = 2 ** 31 - 1;
const mostListed = 10_000;

const pickled = /\.(pkl|pickle|joblib)$/i;

/** Whether anything in a model folder may be a model. */
export const holdsModel = async (folder: string): Promise<boolean> => (await readdir(folder, { recursive: true })).some((name) => /(^|\/)MLmodel$|\.onnx$/i.test(name) || pickled.test(name));

/**
 * Finds the one model in a model folder. Of an MLflow model that holds an ONNX graph the graph is taken.
 *
 * @throws `training.no_model`, which tells what is there instead; `training.several_models`; `training.model_too_large`
 */
export async function findLeftModel(folder: string, command: string): Promise<LeftFile> {
  const files = (await readdir(folder, { recursive: true, withFileTypes: true })).slice(0, mostListed).map((entry) => relative(folder, join(entry.parentPath, entry.name)));
  const shown = JSON.stringify(command.slice(0, 200));
  const folders = outermost(files.filter((name) => name === "MLmodel" || name.endsWith("/MLmodel")).map((name) => dirname(name)));
  const within = (name: string): string | undefined => folders.find((one) => one === "." || name.startsWith(`${one}/`));
  const graphs = files.filter((name) => name.toLowerCase().endsWith(".onnx"));
  const models: { readonly kind: LeftFile["kind"]; readonly name: string }[] = [
    ...graphs.map((name) => ({ kind: "onnx" as const, name })),
    ...folders.filter((one) => !graphs.some((name) => within(name) === one)).map((name) => ({ kind: "mlflow" as const, name })),
    ...files.filter((name) => pickled.test(name) && within(name) === undefined).map((name) => ({ kind: "pickle" as const, name })),
  ];
  if (models.length > 1) throw invalid("training.several_models", `${shown} left ${models.length} models in its model folder: ${models.map(({ name }) => name).toSorted().slice(0, 10).join(", ")}; leave the one that is to be served`);
  const [model] = models;
  const found = model === undefined ? undefined : await lstat(join(folder, model.name));
  if (model === undefined || !(model.kind === "mlflow" ? found?.isDirectory() : found?.isFile())) {
    const there = files.length === 0 ? "nothing is in it" : `it holds ${files.toSorted().slice(0, 10).join(", ")}${files.length > 10 ? ` and ${files.length - 10} more` : ""}`;
    throw invalid("training.no_model", `${shown} ended well without a model in its model folder, "model_dir" of MILLRACE_JOB, and logged none to its run: ${there}. A model is an ONNX file (*.onnx), the folder of an MLflow model (mlflow.<flavor>.save_model), or a pickle (*.pkl, *.joblib): docs/recipes.md shows how they are written`);
  }
  if (model.kind !== "mlflow" && found!.size > mostBytes) throw invalid("training.model_too_large", `The model ${model.name} has ${found!.size} bytes; an ONNX file and a pickle have 2 GiB at most (weights of an ONNX file go into a file beside it)`);
  return { ...model, path: join(folder, model.name) };
}

/** Folders that lie in no other of them: a model may hold models. */
const outermost = (folders: readonly string[]): string[] => folders.filter((one) => !folders.some((other) => other !== one && (other === "." || one.startsWith(`${other}/`))));
