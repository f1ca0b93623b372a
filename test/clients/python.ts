import { execFile } from "node:child_process";
import { access } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * A Python that has these packages of PyPI: `$MILLRACE_CLIENTS_PYTHON`, or an environment made once in the cache folder. Throws when it
 * cannot be made.
 */
export async function pythonWith(name: string, packages: readonly string[]): Promise<string> {
  const given = process.env["MILLRACE_CLIENTS_PYTHON"];
  if (given !== undefined) return given;
  const folder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "millrace", "clients", name);
  const python = join(folder, "bin", "python");
  const made = join(folder, "installed");
  if (!(await access(made).then(() => true, () => false))) {
    await run("python3", ["-m", "venv", folder]);
    await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages], { maxBuffer: 64 << 20 });
    await run("touch", [made]);
  }
  return python;
}

/** Runs a script; its last line of output is what it says. Throws with what it wrote when it fails. */
export async function runScript(python: string, script: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await run(python, [script], { env: { ...process.env, ...env }, maxBuffer: 64 << 20 });
  return stdout.trim().split("\n").at(-1) ?? "";
}
