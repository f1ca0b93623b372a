import { invalid, MillraceError } from "../../errors.ts";
import { onPath, pythonFacts } from "./python-facts.ts";
import { fits } from "./python-versions.ts";
import type { DeclaredEnvironment, PythonFacts } from "./types.ts";

/** Names of Pythons on a PATH, the usual one first. */
const names = ["python3", "python", ...Array.from({ length: 13 }, (_, at) => `python3.${20 - at}`)];

/**
 * The Python that an environment is, or is made from: the one that is named, else the first on the PATH that is one of the versions asked for.
 *
 * @throws `training.python_not_found`, `training.python_version`
 */
export async function findPython({ declared, interpreter, requires }: Pick<DeclaredEnvironment, "declared" | "interpreter" | "requires">, env: NodeJS.ProcessEnv): Promise<PythonFacts> {
  if (interpreter !== undefined) {
    const facts = await pythonFacts(interpreter, env);
    if (typeof facts !== "string") return facts;
    throw invalid("training.python_not_found", `train.python names ${declared}, and ${interpreter} is no Python that runs: ${facts}`);
  }
  const others: string[] = [];
  for (const name of names) {
    const program = await onPath(name, env["PATH"]);
    if (program === undefined) continue;
    const facts = await pythonFacts(program, env);
    if (typeof facts === "string") others.push(`${program}: ${facts}`);
    else if (requires === undefined || fits(facts.version, requires)) return facts;
    else others.push(`${program} is ${facts.version}`);
  }
  const seen = others.length === 0 ? "there is no Python on the PATH of the server" : `on the PATH of the server ${others.join("; ")}`;
  if (requires === undefined || others.length === 0) throw new MillraceError("training.python_not_found", 400, `train.python: ${declared} needs a Python, and ${seen}. Install one (Debian: apt-get install python3 python3-venv), or name it: train.python: /path/to/python3`);
  throw new MillraceError("training.python_version", 400, `train.python: ${declared} asks for Python ${requires}, and ${seen}. Install such a Python where the server finds it (with uv: uv python install)`);
}
