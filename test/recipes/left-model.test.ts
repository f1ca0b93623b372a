import { mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { findLeftModel } from "../../src/training/recipes/left-model.ts";
import { interpreterOf } from "../../src/training/recipes/python/interpreter.ts";
import { packModel } from "../../src/training/recipes/python/pack-model.ts";
import { temporaryFolder } from "../temporary-folder.ts";

async function left(...files: string[]): Promise<string> {
  const folder = await temporaryFolder();
  for (const file of files) {
    await mkdir(dirname(join(folder, file)), { recursive: true });
    await writeFile(join(folder, file), "x");
  }
  return folder;
}

test.each<[string, string[], { kind: string; name: string }]>([
  ["a graph with its weights", ["m/model.onnx", "m/model.onnx.data"], { kind: "onnx", name: "m/model.onnx" }],
  ["an MLflow model", ["model/MLmodel", "model/model.pkl", "model/requirements.txt"], { kind: "mlflow", name: "model" }],
  ["an MLflow model that is the folder itself", ["MLmodel", "python_model.pkl", "artifacts/MLmodel"], { kind: "mlflow", name: "." }],
  ["an MLflow model that holds another", ["model/MLmodel", "model/artifacts/inner/MLmodel", "model/artifacts/inner/model.pkl"], { kind: "mlflow", name: "model" }],
  ["an MLflow model of a graph", ["model/MLmodel", "model/model.onnx"], { kind: "onnx", name: "model/model.onnx" }],
  ["a pickle", ["deep/model.pickle"], { kind: "pickle", name: "deep/model.pickle" }],
  ["a file of joblib beside words", ["model.JOBLIB", "notes.txt"], { kind: "pickle", name: "model.JOBLIB" }],
])("%s is found", async (_, files, expected) => {
  expect(await findLeftModel(await left(...files), "train")).toMatchObject(expected);
});

test.each<[string, string[], string, RegExp]>([
  ["two pickles", ["a.pkl", "b.joblib"], "training.several_models", /left 2 models in its model folder: a\.pkl, b\.joblib/],
  ["a pickle beside a graph", ["a.pkl", "a.onnx"], "training.several_models", /a\.onnx, a\.pkl/],
  ["a pickle beside an MLflow model", ["model/MLmodel", "model/model.pkl", "best.pkl"], "training.several_models", /best\.pkl, model;/],
  ["a state without its model", ["weights.h5"], "training.no_model", /it holds weights\.h5/],
])("%s is refused", async (_, files, code, message) => {
  const folder = await left(...files);
  await expect(findLeftModel(folder, "train")).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
});

test("a link out of the folder is no model", async () => {
  const folder = await left();
  await symlink("/etc/hostname", join(folder, "model.pkl"));
  await expect(findLeftModel(folder, "train")).rejects.toMatchObject({ code: "training.no_model" });
});

test("the Python of a command is the one that it begins with, else python3", () => {
  expect(["python train.py", " python3.12 -u train.py", ".venv/bin/python train.py", "exec /opt/py/bin/python3 a.py", "sh train.sh", "pythonista x"].map(interpreterOf)).toEqual(["python", "python3.12", ".venv/bin/python", "/opt/py/bin/python3", "python3", "python3"]);
});

test("a Python that is not there is said", async () => {
  const folder = await left("model.pkl");
  const request = { source: join(folder, "model.pkl"), target: join(folder, "out"), kind: "pickle", signature: { task: "regression", features: [], target: "y" }, features: [], targetStored: "DOUBLE", format: "csv", rows: {}, eventTime: null } as const;
  await expect(packModel(join(folder, "python"), request)).rejects.toMatchObject({ code: "training.no_python", message: expect.stringContaining("or leave an ONNX file") as string });
});
