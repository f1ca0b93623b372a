import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseDocument, visit } from "yaml";
import { invalid, MillraceError } from "../../errors.ts";
import { filesBelow } from "./local-artifacts.ts";
import type { Leave } from "./source.ts";

export type Meta = Readonly<Record<string, unknown>>;

const ifThere = <T>(missing: T) => (error: NodeJS.ErrnoException): T => {
  if (error.code === "ENOENT" || error.code === "ENOTDIR") return missing;
  throw error;
};

/** The folders in a folder, but hidden ones, sorted; none when it is not there, or when it cannot be read and `leave` is told so. */
export async function foldersIn(folder: string, leave?: Leave): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(ifThere([])).catch((error: unknown) => {
    if (!leave || !isOfOne(error)) throw error;
    leave(`what is in ${folder}`, error.message);
    return [];
  });
  return entries.filter((entry) => (entry.isDirectory() || entry.isSymbolicLink()) && !entry.name.startsWith(".")).map((entry) => join(folder, entry.name)).toSorted();
}

/** A folder's `meta.yaml`; undefined when it has none. Fails where the folder is a link that leads nowhere, or may not be entered. */
export async function readMeta(folder: string): Promise<Meta | undefined> {
  const file = join(folder, "meta.yaml");
  const content = await readFile(file, "utf8").catch(ifThere(undefined));
  if (content === undefined) {
    await stat(folder);
    return undefined;
  }
  // All values as texts: an id of digits is a long number to some, and one with an `e` among them a float. Only a bare null is none.
  const document = parseDocument(content, { schema: "failsafe" });
  visit(document, {
    Scalar: (_key, node) => {
      if (node.type === "PLAIN" && /^(?:null|~|)$/.test(String(node.value))) node.value = null;
    },
  });
  const meta: unknown = document.errors.length > 0 ? undefined : document.toJS();
  if (typeof meta === "object" && meta !== null) return meta as Meta;
  throw invalid("mlflow.bad_meta", `${file} is empty or no YAML mapping: MLflow's file store writes one there`);
}

/** Each file below a folder is a key with its value; a key may hold slashes. */
export async function readPairs(folder: string): Promise<{ key: string; value: string }[]> {
  const pairs: { key: string; value: string }[] = [];
  for await (const { path } of filesBelow(folder)) pairs.push({ key: path, value: await readFile(join(folder, path), "utf8") });
  return pairs;
}

export interface MetricLine {
  readonly time: number;
  readonly value: number;
  readonly step: number;
  /** What follows them: of a model's metric the run, then the dataset's name and digest. */
  readonly rest: readonly string[];
}

/** A metric's file: lines of `time value [step …]`. Throws `mlflow.bad_metric` for a line that is neither. */
export async function readMetrics(folder: string, key: string): Promise<MetricLine[]> {
  const file = join(folder, key);
  const points: MetricLine[] = [];
  for (const line of (await readFile(file, "utf8")).split("\n")) {
    if (line.trim() === "") continue;
    const [time, value, step, ...rest] = line.trim().split(" ");
    const point = { time: Number(time), value: valueOf(value ?? ""), step: Number(step ?? 0), rest };
    if (!Number.isInteger(point.time) || point.value === undefined || !Number.isInteger(point.step)) throw invalid("mlflow.bad_metric", `${file} holds the line ${JSON.stringify(line)}, where "time value step" was expected`);
    points.push({ ...point, value: point.value });
  }
  return points;
}

/** A number as Python writes it; undefined for anything else. */
function valueOf(text: string): number | undefined {
  const name = text.toLowerCase().replace(/^\+/, "");
  if (name === "nan" || name === "-nan") return Number.NaN;
  if (/^-?inf(inity)?$/.test(name)) return name.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const value = name === "" ? Number.NaN : Number(name);
  return Number.isNaN(value) ? undefined : value;
}

/** What `read` gives of each folder, but nothing; one that cannot be read is told to `leave` by its `name`, and the others come. */
export async function* eachOf<T>(folders: readonly string[], name: (folder: string) => string, leave: Leave, read: (folder: string) => Promise<T | undefined>): AsyncIterable<T> {
  for (const folder of folders) {
    let found: T | undefined;
    try {
      found = await read(folder);
    } catch (error) {
      if (!isOfOne(error)) throw error;
      leave(name(folder), error.message);
      continue;
    }
    if (found !== undefined) yield found;
  }
}

/** Whether a failure is one of the file that was read, or of what it holds. */
const isOfOne = (error: unknown): error is Error => error instanceof MillraceError || (error instanceof Error && "syscall" in error);
