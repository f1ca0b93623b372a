import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import type { PythonFacts } from "./types.ts";

/** A Python that does not answer within this time is none, ms. */
const patience = 30_000;

/** Names are normalised as PEP 503 says, so that two lists can be compared. */
const script = `
import json, platform, re, sys, sysconfig
from importlib import metadata
found = {}
for one in metadata.distributions():
    name = one.metadata["Name"]
    if name: found.setdefault(re.sub(r"[-_.]+", "-", name).lower(), one.version)
print(json.dumps({"executable": sys.executable, "version": platform.python_version(), "implementation": platform.python_implementation(),
    "platform": sysconfig.get_platform(), "prefix": sys.prefix, "virtual": sys.prefix != sys.base_prefix,
    "packages": sorted(name + "==" + str(version) for name, version in found.items())}))
`;

/** Asks a Python what it is and what is installed in it; a sentence where it is none. */
export async function pythonFacts(program: string, env: NodeJS.ProcessEnv): Promise<PythonFacts | string> {
  try {
    const { stdout } = await promisify(execFile)(program, ["-c", script], { cwd: "/", env, timeout: patience, maxBuffer: 16 << 20 });
    return JSON.parse(stdout.trim().split("\n").at(-1)!) as PythonFacts;
  } catch (error) {
    const { code, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
    if (typeof code === "string") return `it cannot be started (${code})`;
    return stderr?.trim().split("\n").at(-1) ?? message.split("\n")[0];
  }
}

/** The program of this name on a PATH; undefined where there is none that may be run. */
export async function onPath(name: string, path: string | undefined): Promise<string | undefined> {
  for (const folder of (path ?? "").split(delimiter)) {
    if (folder === "") continue;
    const program = join(folder, name);
    const runs = await access(program, constants.X_OK).then(() => stat(program), () => undefined).catch(() => undefined);
    if (runs?.isFile()) return program;
  }
  return undefined;
}
