import { parse } from "yaml";
import { invalid } from "../../errors.ts";
import type { AskedFor } from "./project-file.ts";

/** Keys of an environment.yml that say nothing of what is in it: a name, a place, and where conda's own packages come from. */
const idle = new Set(["name", "prefix", "channels", "dependencies"]);

/**
 * An `environment.yml` that asks for a Python and for packages of pip alone. What only conda can install is refused by name.
 *
 * @throws `training.environment_not_understood`
 */
export function readCondaFile(text: string, name: string): AskedFor {
  const no = (why: string): Error => invalid("training.environment_not_understood", `${name}: ${why}`);
  let document: unknown;
  try {
    document = parse(text, { maxAliasCount: 100, logLevel: "error" });
  } catch (error) {
    throw no(`it is no YAML that can be read: ${(error as Error).message.split("\n")[0]}`);
  }
  const parts = typeof document === "object" && document !== null && !Array.isArray(document) ? (document as Record<string, unknown>) : {};
  const unknown = Object.keys(parts).filter((key) => !idle.has(key));
  if (unknown.length > 0) throw no(`${unknown.join(", ")} is not understood; name, channels and dependencies are`);
  const { dependencies } = parts;
  if (!Array.isArray(dependencies)) throw no("it has no list of dependencies");
  const lines: string[] = [];
  const others: string[] = [];
  let requires: string | undefined;
  for (const one of dependencies as unknown[]) {
    if (typeof one === "string") {
      const [, channel, what, asked = ""] = /^(?:(.+)::)?([\w.-]+)\s*(.*)$/.exec(one.trim()) ?? [];
      if (channel === undefined && what === "python") requires = pythonAsked(asked.trim());
      else if (channel !== undefined || (what !== "pip" && what !== "setuptools" && what !== "wheel")) others.push(one);
    } else {
      const pip = typeof one === "object" && one !== null ? (one as Record<string, unknown>)["pip"] : undefined;
      if (!Array.isArray(pip) || !pip.every((line): line is string => typeof line === "string") || Object.keys(one as object).length !== 1) throw no(`${JSON.stringify(one)} among its dependencies is not understood; a text, or pip with a list of texts, is`);
      lines.push(...pip);
    }
  }
  if (others.length > 0) throw no(`${others.join(", ")} ${others.length === 1 ? "is a package" : "are packages"} of conda, which Millrace does not call. Make the environment yourself with conda or micromamba (micromamba create -p ./env -f ${name}) and name its folder: train.python: ./env; or list the packages under pip, or in a requirements.txt`);
  return { ...(requires !== undefined && { requires }), lines };
}

/** Conda's way of asking for a version (`=3.12` is any 3.12) as that of PEP 440; undefined where none is asked for. */
function pythonAsked(asked: string): string | undefined {
  if (asked === "" || asked === "*") return undefined;
  const [, fuzzy] = /^=?\s*(\d+(?:\.\d+)*)(?:\.\*)?$/.exec(asked.replace(/^=(?!=)/, "")) ?? [];
  if (fuzzy !== undefined) return fuzzy.split(".").length > 2 ? `==${fuzzy}` : `==${fuzzy}.*`;
  return asked;
}
