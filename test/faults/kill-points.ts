import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { program } from "../running-server.ts";

/** A point at which a process ends itself by SIGKILL (`kill-at.ts`). */
export interface KillPoint {
  /** What its command line holds. */
  readonly within: string;
  /** A regular expression: `before rename \S+/artifacts/`, `after sql commit`. */
  readonly at: string;
  /** How often it is passed before. */
  readonly after?: number;
  /** A point that is passed first. */
  readonly since?: string;
}

export interface Armed {
  readonly env: Readonly<Record<string, string>>;
  /** Where it ended, once it has; undefined before. */
  readonly reached: () => string | undefined;
}

/** The environment in which the process meets its end, and whether it has. */
export function arm(folder: string, { within, at, after = 0, since = "" }: KillPoint): Armed {
  const note = join(folder, "killed");
  rmSync(note, { force: true });
  const hook = `--import=${pathToFileURL(join(import.meta.dirname, "kill-at.ts")).href}`;
  return {
    env: { NODE_OPTIONS: `${process.env["NODE_OPTIONS"] ?? ""} ${hook}`.trim(), KILL_AT: at, KILL_IN: within, KILL_AFTER: String(after), KILL_SINCE: since, KILL_NOTE: note },
    reached: () => (existsSync(note) ? readFileSync(note, "utf8") : undefined),
  };
}

/** Runs a command that ends itself at a point. Fails where it did not come to it. */
export async function runUntilKilled(folder: string, point: KillPoint, args: readonly string[]): Promise<void> {
  const armed = arm(folder, point);
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...armed.env }, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (part: Buffer) => (said += String(part)));
  const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
  if (signal !== "SIGKILL" || armed.reached() === undefined) throw new Error(`millrace ${args.join(" ")} ended with ${code ?? signal} and did not come to ${point.at}: ${said}`);
}
