import { open } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { isObject } from "../../tensors/json-kind.ts";
import type { JsonObject } from "../../tensors/json-kind.ts";

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
  return columnsOf((await loggedWith(file))?.model["signature"]);
}

/**
 * The input example that was logged with a graph, as its JSON says (mlflow/models/utils.py, _Example): the body of a scoring request, or what such a body holds.
 * Undefined where there is none. Fails with an Error where a file cannot be read.
 */
export async function loggedExample(file: string): Promise<unknown> {
  const logged = await loggedWith(file);
  const info = logged?.model["saved_input_example_info"];
  if (!logged || !isObject(info)) return undefined;
  for (const name of [info["serving_input_path"], info["artifact_path"]]) {
    if (typeof name !== "string" || basename(name) !== name || !name.endsWith(".json")) continue;
    const text = await textOf(join(logged.folder, name));
    if (text !== undefined) return JSON.parse(text) as unknown;
  }
  return undefined;
}

/** The folder and the MLmodel of the model that a file is the graph of; undefined where there is none, and where it is another graph's. */
async function loggedWith(file: string): Promise<{ readonly folder: string; readonly model: JsonObject } | undefined> {
  for (const folder of [dirname(file), dirname(dirname(file))]) {
    const model = await mlModelIn(folder);
    if (model !== undefined) return graphIn(model) === relative(folder, file) ? { folder, model: model as JsonObject } : undefined;
  }
  return undefined;
}

/** The ONNX file of a folder that `mlflow.onnx.log_model` wrote; undefined for any other place, and where its MLmodel cannot be read. */
export async function loggedGraph(folder: string): Promise<string | undefined> {
  const graph = graphIn(await mlModelIn(folder).catch(() => undefined));
  return graph === undefined || graph.startsWith("..") ? undefined : join(folder, graph);
}

/** What the MLmodel of a folder says; undefined where there is none. */
async function mlModelIn(folder: string): Promise<unknown> {
  const text = await textOf(join(folder, "MLmodel"));
  if (text === undefined) return undefined;
  const { parse } = await import("yaml"); // only where there is something to read with it
  return (parse(text, { maxAliasCount: 100, logLevel: "error" }) as unknown) ?? {};
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

/** The graph that the flavor `onnx` names; one that names none means the usual `model.onnx`. Undefined where there is no such flavor. */
function graphIn(model: unknown): string | undefined {
  const flavors = isObject(model) ? model["flavors"] : undefined;
  const flavor = isObject(flavors) ? flavors["onnx"] : undefined;
  const data = isObject(flavor) ? (flavor["data"] ?? "model.onnx") : undefined;
  return typeof data === "string" ? join(data) : undefined;
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
