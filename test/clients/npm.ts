import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The folder of a command's package from the npm registry (`newman@6.2.2`), installed once in the cache folder without running its scripts. */
export async function npmPackage(name: string, version: string): Promise<string> {
  const folder = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "millrace", "clients", `npm-${name}`);
  const made = join(folder, "installed");
  if ((await readFile(made, "utf8").catch(() => "")) !== version) {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    await run("npm", ["install", "--prefix", folder, "--no-audit", "--no-fund", "--ignore-scripts", `${name}@${version}`], { maxBuffer: 64 << 20 });
    await writeFile(made, version);
  }
  return join(folder, "node_modules", name);
}
