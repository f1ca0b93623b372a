import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/**
 * A Python that has these packages of PyPI: `$MILLRACE_CLIENTS_PYTHON` (`…_PYTHON_<NAME>` for other environments than `mlflow`), or an
 * environment made once in the cache folder, and again when the packages asked for are others. Throws when it cannot be made.
 */
export async function pythonWith(name: string, packages: readonly string[]): Promise<string> {
  const given = process.env[name === "mlflow" ? "MILLRACE_CLIENTS_PYTHON" : `MILLRACE_CLIENTS_PYTHON_${name.toUpperCase().replaceAll("-", "_")}`];
  if (given !== undefined) return given;
  const folder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "millrace", "clients", name);
  const python = join(folder, "bin", "python");
  const made = join(folder, "installed");
  if ((await readFile(made, "utf8").catch(() => "")) !== packages.join("\n")) {
    await run("python3", ["-m", "venv", "--clear", folder]);
    await run(python, ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages], { maxBuffer: 64 << 20 });
    await writeFile(made, packages.join("\n"));
  }
  return python;
}

/** Runs a script; its last line of output is what it says. Throws with what it wrote when it fails. */
export async function runScript(python: string, script: string, env: Readonly<Record<string, string>>): Promise<string> {
  const { stdout } = await run(python, [script], { env: { ...process.env, ...env }, maxBuffer: 64 << 20 });
  return stdout.trim().split("\n").at(-1) ?? "";
}
