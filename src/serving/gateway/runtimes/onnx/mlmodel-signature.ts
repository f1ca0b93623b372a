import { open } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { isObject } from "../../tensors/json-kind.ts";

/** A column of the table that a model of MLflow takes. */
export interface LoggedColumn {
  readonly name: string;
  /** As MLflow names it: `double`, `float`, `long`, `integer`, `boolean`, `string`, `datetime`, `binary`. */
  readonly type: string;
}

/** A signature of thousands of columns has some hundred thousand bytes. */
const mostBytes = 4 << 20;

const plainTypes = new Set(["double", "float", "long", "integer", "boolean", "string", "datetime", "binary"]);

/**
 * The named columns of a graph that `mlflow.onnx.log_model` wrote, by the `MLmodel` beside it or in the folder above (mlflow/types/schema.py, ColSpec). Undefined where
 * there is no such file, where it is another graph's, and where its inputs are no plain columns with names: tensors, lists, objects. Fails with an Error where the file
 * cannot be read.
 */
export async function loggedColumns(file: string): Promise<readonly LoggedColumn[] | undefined> {
  for (const folder of [dirname(file), dirname(dirname(file))]) {
    const text = await textOf(join(folder, "MLmodel"));
    if (text === undefined) continue;
    const { parse } = await import("yaml"); // only where there is something to read with it
    const model: unknown = parse(text, { maxAliasCount: 100, logLevel: "error" });
    return isObject(model) && isOf(model, relative(folder, file)) ? columnsOf(model["signature"]) : undefined;
  }
  return undefined;
}

async function textOf(path: string): Promise<string | undefined> {
  const handle = await open(path).catch(() => undefined);
  if (!handle) return undefined;
  try {
    const { size } = await handle.stat();
    if (size > mostBytes) throw new Error(`${path} has ${size} bytes; ${mostBytes} at most are read`);
    return await handle.readFile("utf8");
  } finally {
    await handle.close();
  }
}

/** Whether the flavor `onnx` names this graph; one that names none means the usual `model.onnx`. */
function isOf(model: Readonly<Record<string, unknown>>, path: string): boolean {
  const flavors = model["flavors"];
  const flavor = isObject(flavors) ? flavors["onnx"] : undefined;
  if (!isObject(flavor)) return false;
  const data = flavor["data"] ?? "model.onnx";
  return typeof data === "string" && join(data) === join(path) && basename(path) !== "";
}

function columnsOf(signature: unknown): readonly LoggedColumn[] | undefined {
  const written = isObject(signature) ? signature["inputs"] : undefined;
  const list: unknown = typeof written === "string" ? JSON.parse(written) : written;
  if (!Array.isArray(list) || list.length === 0) return undefined;
  const columns = list.map((one: unknown): LoggedColumn | undefined =>
    isObject(one) && typeof one["name"] === "string" && typeof one["type"] === "string" && plainTypes.has(one["type"]) ? { name: one["name"], type: one["type"] } : undefined,
  );
  const known = columns.filter((one) => one !== undefined);
  return known.length === columns.length && new Set(known.map(({ name }) => name)).size === known.length ? known : undefined;
}
