import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Runs npm quietly; rejects with the end of what it said. The npm is the one that started us, else the one beside this Node, else the first on the path. */
export function npm(args, cwd) {
  const bin = dirname(process.execPath);
  const started = process.env.npm_execpath ?? "";
  const script = [
    basename(started) === "npm-cli.js" ? started : "",
    join(bin, "..", "lib", "node_modules", "npm", "bin", "npm-cli.js"),
    join(bin, "node_modules", "npm", "bin", "npm-cli.js"),
  ].find((path) => path !== "" && existsSync(path));
  const [command, first] = script ? [process.execPath, [script]] : ["npm", []];
  const all = [...first, ...args, "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"];
  return new Promise((resolve, reject) => {
    const child = spawn(command, all, { cwd, stdio: ["ignore", "pipe", "pipe"], shell: !script && process.platform === "win32" });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (said = (said + chunk).slice(-8000)));
    child.once("error", (error) => reject(new Error(`npm cannot be run: ${error.message}`)));
    child.once("close", (code, signal) => (code === 0 ? resolve() : reject(new NpmError(said, signal ?? `exit code ${code}`))));
  });
}

/** npm failed; `code` is npm's own (`E404`, `ETARGET`, `ENOTFOUND` …) where it gave one. */
export class NpmError extends Error {
  constructor(said, ended) {
    const lines = said.trim().split("\n").filter((line) => line !== "" && !line.includes("complete log of this run"));
    super(`npm failed (${ended})${lines.length > 0 ? `:\n  ${lines.slice(0, 8).join("\n  ")}` : ""}`);
    this.code = /npm error code (\w+)/.exec(said)?.[1];
  }
}

/** The codes with which npm says that it could not reach its registry. */
export const unreachable = new Set(["ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "EHOSTUNREACH", "ERR_SOCKET_TIMEOUT", "ENOTCACHED"]);
