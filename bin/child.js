import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./cache.js";

/** Where Node keeps compiled code, for a fast start. */
export const compileCache = () => process.env.NODE_COMPILE_CACHE ?? join(cacheFolder(), "compiled");

/** Lets a child end with this process: one end of a pipe, which closes when this process is gone, however it went (`src/end-with-parent.ts`). */
export const tied = { MILLRACE_PARENT_FD: "3" };

/** Runs a program under another Node as if it were this process: same terminal, same signals, same end. */
export function become(node, args, env) {
  const child = spawn(node, args, {
    stdio: ["inherit", "inherit", "inherit", "pipe"],
    env: { ...process.env, NODE_COMPILE_CACHE: compileCache(), ...env },
  });
  let forwarded = false;
  const forward = (signal) => {
    forwarded = true;
    // Ctrl-C reaches the whole foreground group, the child too; to send it twice would cut off an orderly stop.
    if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
  };
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, forward);
  endWithNpm(() => {
    if (!forwarded) child.kill("SIGKILL");
  });
  child.once("error", (error) => {
    process.stderr.write(`millrace: ${node} cannot be run: ${error.message}\n`);
    process.exit(1);
  });
  child.once("exit", (code, signal) => {
    if (signal === null) process.exit(code);
    for (const one of signals) process.off(one, forward);
    process.kill(process.pid, signal);
  });
}

/** Calls `gone` when the npm that started this process has died without a word (`kill -9`): its script must not live on alone. */
export function endWithNpm(gone) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const shell = parentOf(parent);
  // npm runs scripts through a shell, which on some systems stays between npm and us, and outlives npm.
  const npm = shell.name.startsWith("npm") || shell.name === "node" ? undefined : shell.parent;
  const watch = setInterval(() => {
    if (process.ppid === parent && (npm === undefined || parentOf(parent).parent === npm)) return;
    clearInterval(watch);
    gone();
  }, 500);
  watch.unref();
}

/** A process's name and its parent's id, where the system tells (Linux). */
function parentOf(pid) {
  try {
    const [, name, parent] = /^\d+ \((.*)\) \S (\d+)/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8"));
    return { name, parent: Number(parent) };
  } catch {
    return { name: "", parent: undefined };
  }
}
