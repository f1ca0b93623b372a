import { parse } from "yaml";
import type { Artifact } from "../tracking/types.ts";
import { readSmallFile, type Shelves } from "./version-files.ts";

const most = 256 << 10;

export interface Requirements {
  /** Package → what is asked for of it (`==1.9.1`, `>=2,<3`; `any` when nothing is), `python` → version. */
  readonly packages: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
}

/** What a model folder says it needs: `requirements.txt`, else the pip and conda packages of `conda.yaml`; Python's version from `python_env.yaml`. */
export async function readRequirements(shelves: Pick<Shelves, "blobs">, files: readonly Artifact[]): Promise<Requirements> {
  const notes: string[] = [];
  const yaml = async (path: string): Promise<Readonly<Record<string, unknown>>> => {
    const text = await readSmallFile(shelves, files, path, most);
    try {
      const value: unknown = text === undefined ? {} : parse(text, { maxAliasCount: 100, logLevel: "error" });
      if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
      notes.push(`${path} holds no keys`);
    } catch (error) {
      notes.push(`${path} is no YAML that can be read: ${(error as Error).message.split("\n")[0]}`);
    }
    return {};
  };
  const text = await readSmallFile(shelves, files, "requirements.txt", most);
  const packages = text === undefined ? fromConda((await yaml("conda.yaml"))["dependencies"]) : fromLines(text.split("\n"));
  const python = (await yaml("python_env.yaml"))["python"];
  return { packages: { ...(typeof python === "string" || typeof python === "number" ? { python: String(python) } : {}), ...packages }, notes };
}

/** Lines of pip's requirements (PEP 508): a name, extras, and what is asked for; options and comments are left out. */
export function fromLines(lines: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    lines.flatMap((line) => {
      const match = /^\s*([A-Za-z0-9][A-Za-z0-9._-]*(?:\[[^\]]*\])?)\s*([^#;]*)/.exec(line);
      return match ? [[match[1].toLowerCase(), match[2].trim() || "any"]] : [];
    }),
  );
}

function fromConda(dependencies: unknown): Record<string, string> {
  if (!Array.isArray(dependencies)) return {};
  const lists = dependencies.map((one: unknown) => {
    if (typeof one === "string") return [one.replace(/^([\w.-]+)=(?!=)/, "$1==")];
    const pip = typeof one === "object" && one !== null ? (one as Record<string, unknown>)["pip"] : undefined;
    return Array.isArray(pip) ? pip.filter((line): line is string => typeof line === "string") : [];
  });
  return fromLines(lists.flat());
}
