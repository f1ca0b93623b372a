import { parse } from "smol-toml";
import { invalid } from "../../errors.ts";

/** What a pyproject.toml or environment.yml asks for, as pip's requirements. */
export interface AskedFor {
  readonly requires?: string;
  readonly lines: readonly string[];
}

/**
 * What the project of a `pyproject.toml` needs (PEP 621: `project.dependencies`, `project.requires-python`). The project itself is not installed: its code is in the
 * folder in which the command runs.
 *
 * @throws `training.environment_not_understood`
 */
export function readPyproject(text: string): AskedFor {
  const document = readToml(text, "pyproject.toml");
  const project = tableOf(document["project"]);
  const tool = tableOf(document["tool"]);
  const no = (why: string): Error => invalid("training.environment_not_understood", `pyproject.toml: ${why}`);
  if (document["project"] === undefined) throw no(`it has no [project] whose dependencies could be installed${tool["poetry"] === undefined ? "" : ", and those of [tool.poetry] are Poetry's own way"}; write them as project.dependencies, or a requirements.txt`);
  const dynamic = Array.isArray(project["dynamic"]) ? project["dynamic"] : [];
  if (dynamic.includes("dependencies")) throw no("its dependencies are dynamic, which only its build backend can tell; name the requirements file instead");
  const sources = Object.keys(tableOf(tableOf(tool["uv"])["sources"]));
  if (sources.length > 0) throw no(`[tool.uv.sources] says where ${sources.join(", ")} come from, which uv alone knows; make a uv.lock (uv lock) and name that: train.python: uv.lock`);
  const dependencies = project["dependencies"] ?? [];
  if (!Array.isArray(dependencies) || !dependencies.every((one): one is string => typeof one === "string")) throw no("project.dependencies is no list of texts");
  const requires = project["requires-python"];
  if (requires !== undefined && typeof requires !== "string") throw no("project.requires-python is no text");
  return { ...(requires !== undefined && { requires }), lines: dependencies };
}

/** The versions of Python that a `uv.lock` is for. Refuses one with packages that are folders of this machine, but for the project itself. */
export function readUvLock(text: string): { readonly requires?: string } {
  const document = readToml(text, "uv.lock");
  const requires = document["requires-python"];
  const packages = Array.isArray(document["package"]) ? document["package"].map(tableOf) : [];
  for (const { name, source } of packages) {
    const places = tableOf(source);
    const place = places["editable"] ?? places["directory"] ?? places["virtual"] ?? places["path"];
    if (place !== undefined && place !== ".") throw invalid("training.environment_not_understood", `uv.lock: ${JSON.stringify(name)} comes from ${JSON.stringify(place)}, a place on this machine, from which the environment could not be made again; publish it, or name a commit or an address`);
  }
  return typeof requires === "string" ? { requires } : {};
}

function readToml(text: string, name: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (error) {
    throw invalid("training.environment_not_understood", `${name} is no TOML that can be read: ${(error as Error).message.split("\n")[0]}`);
  }
}

const tableOf = (value: unknown): Record<string, unknown> => (typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {});
