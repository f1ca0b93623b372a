import { readFile } from "node:fs/promises";
import { basename, dirname, resolve } from "node:path";
import { Ajv, type ErrorObject } from "ajv";
import { closest, distance } from "fastest-levenshtein";
import { isNode, LineCounter, parseDocument, type Document } from "yaml";
import { invalid, notFound } from "../errors.ts";
import { codeVersion } from "./code-version.ts";
import { completeProject, type Project } from "./project.ts";
import { ProjectSchema, type ProjectFile } from "./schema.ts";
import { triggersFault } from "./triggers.ts";

/** Reads a project file, checks it and fills in the defaults. Errors name file, line, column, the field and the nearest right name. `given.model`: its model where it names none; else its folder's name. */
export async function loadProject(path: string, given: { readonly model?: string } = {}): Promise<Project> {
  const file = resolve(path);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") {
      throw notFound("project.file_not_found", `There is no project file ${path}; \`millrace init TABLE\` writes one`, { file: path });
    }
    const why = error.code === "EISDIR" ? "it is a folder" : error.code === "EACCES" ? "permission is denied" : error.message;
    throw invalid("project.file_unreadable", `The project file ${path} cannot be read: ${why}`, { file: path });
  });
  const parsed = parseProject(text, path);
  const folder = dirname(file);
  return completeProject(parsed, { model: given.model ?? modelName(basename(folder)), folder, source: resolve(folder, parsed.data.source), code: await codeVersion(folder) });
}

/** A name that may stand in a URL, made from a folder's or a file's. */
export const modelName = (name: string): string => name.replace(/[^A-Za-z0-9_.-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "").slice(0, 100) || "model";

const validate = new Ajv({ allErrors: true, strict: false, verbose: true }).compile<ProjectFile>(ProjectSchema);

/** Checks the text of a project file; `file` is the name errors call it by. */
export function parseProject(text: string, file: string): ProjectFile {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const fault = document.errors[0];
  if (fault) {
    const { line, col } = lines.linePos(fault.pos[0]);
    throw invalid("project.not_yaml", `${file}:${line}:${col}: this is not YAML: ${fault.message.split("\n")[0]}`, { file, line, column: col });
  }
  const content = plain(document, file);
  if (validate(content)) {
    const wrong = contradiction(content);
    if (wrong === undefined) return content;
    const { line, col } = lines.linePos(offsetOf(document, wrong.field, true));
    throw invalid("project.invalid", `${file}:${line}:${col}: ${wrong.sentence}`, { file, line, column: col, field: wrong.field.join(".") });
  }
  const error = mostTelling(validate.errors ?? []);
  const fields = error.instancePath.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  const { sentence, field } = explain(error, fields);
  const { line, col } = lines.linePos(offsetOf(document, field, error.keyword === "additionalProperties"));
  throw invalid("project.invalid", `${file}:${line}:${col}: ${sentence}`, { file, line, column: col, field: field.join(".") });
}

/** Fields that are right each by itself and mean nothing together. */
function contradiction(file: ProjectFile): { readonly sentence: string; readonly field: string[] } | undefined {
  return trainFault(file) ?? triggersFault(file.triggers ?? {});
}

function trainFault({ train }: ProjectFile): { readonly sentence: string; readonly field: string[] } | undefined {
  if (train?.run !== undefined) {
    return train.algorithm === undefined ? undefined : { sentence: "train.run and train.algorithm are both there; a command trains, or one of the trainers", field: ["train", "algorithm"] };
  }
  const idle = (["files", "format", "timeout", "python"] as const).find((name) => train?.[name] !== undefined);
  return idle && { sentence: `train.${idle} is for a command, and there is no train.run`, field: ["train", idle] };
}

/** A document's value; one that multiplies itself by aliases is refused by the parser. */
function plain(document: Document, file: string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    throw invalid("project.not_yaml", `${file}:1:1: this is not YAML for a project: ${(error as Error).message}`, { file, line: 1, column: 1 });
  }
}

/** The error that helps most: an unknown or a missing field first, then the deepest. */
function mostTelling(errors: readonly ErrorObject[]): ErrorObject {
  const rank = (error: ErrorObject): number =>
    (error.keyword === "additionalProperties" ? 300 : error.keyword === "required" ? 200 : error.keyword === "anyOf" ? 50 : 100) +
    error.instancePath.split("/").length;
  return [...errors].sort((a, b) => rank(b) - rank(a))[0];
}

function explain(error: ErrorObject, path: string[]): { sentence: string; field: string[] } {
  const where = path.length === 0 ? "the file" : path.join(".");
  const shown = JSON.stringify(error.data);
  switch (error.keyword) {
    case "additionalProperties": {
      const name = String((error.params as { additionalProperty: string }).additionalProperty);
      const known = Object.keys((error.parentSchema as { properties?: object }).properties ?? {}).filter((one) => one !== "$schema");
      const nearest = known.length > 0 ? closest(name, known) : undefined;
      const hint = nearest !== undefined && distance(name, nearest) <= 3 ? `did you mean ${nearest}?` : `known here are ${known.join(", ")}`;
      return { sentence: `unknown field ${[...path, name].join(".")}; ${hint}`, field: [...path, name] };
    }
    case "required": {
      const name = String((error.params as { missingProperty: string }).missingProperty);
      return { sentence: `${[...path, name].join(".")} is missing`, field: path };
    }
    case "enum": {
      const allowed = (error.params as { allowedValues: unknown[] }).allowedValues.map(String);
      const nearest = typeof error.data === "string" ? closest(error.data, allowed) : undefined;
      const hint = nearest !== undefined && distance(String(error.data), nearest) <= 3 ? `; did you mean ${nearest}?` : "";
      return { sentence: `${where} must be one of ${allowed.join(", ")}, got ${shown}${hint}`, field: path };
    }
    case "pattern":
    case "anyOf":
      return { sentence: `${where} must be ${describe(error)}, got ${shown}`, field: path };
    default:
      return { sentence: `${where} ${error.message ?? "is not valid"}, got ${shown}`, field: path };
  }
}

const describe = (error: ErrorObject): string => {
  const { description, pattern } = (error.parentSchema ?? {}) as { description?: string; pattern?: string };
  return description ? description.charAt(0).toLowerCase() + description.slice(1) : `text of the form ${pattern ?? "the schema asks for"}`;
};

function offsetOf(document: Document, path: readonly string[], atKey: boolean): number {
  const keys = path.map((part) => (/^\d+$/.test(part) ? Number(part) : part));
  for (let depth = keys.length; depth > 0; depth--) {
    const parent = document.getIn(keys.slice(0, depth - 1), true);
    const items = (parent as { items?: { key?: { value?: unknown; range?: number[] }; value?: { range?: number[] } }[] } | undefined)?.items;
    const pair = items?.find((item) => item.key?.value === keys[depth - 1]);
    if (pair?.key?.range && (atKey || !pair.value?.range)) return pair.key.range[0];
    const node = document.getIn(keys.slice(0, depth), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}
