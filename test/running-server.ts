import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { followRun } from "../src/commands/follow-run.ts";
import { startRun } from "../src/commands/start-run.ts";
import { loadProject } from "../src/project/load.ts";
import type { PipelineRun } from "../src/stage.ts";
import { testDatabase } from "../src/storage/fixtures/open-test-database.ts";

export const program = fileURLToPath(new URL("../src/main.ts", import.meta.url));

export interface RunningServer {
  readonly url: string;
  readonly gateway: string;
  readonly child: ChildProcess;
  readonly exited: Promise<unknown>;
  /** Ends it at once, as a crash would; the gateway goes on. */
  readonly kill: () => Promise<void>;
  readonly killGateway: () => Promise<void>;
}

export interface StartOptions {
  readonly gatewayPort?: number;
  readonly env?: Readonly<Record<string, string>>;
  /** Is given what ends it; after the test when absent. */
  readonly atEnd?: (end: () => Promise<void>) => void;
}

/** A real server with its gateway on free ports; both are gone after the test. */
export async function startMillrace(home: string, options: StartOptions = {}): Promise<RunningServer> {
  const database = await testDatabase(join(home, "millrace.db"));
  const child = spawn(process.execPath, [program, "up", "--json", "--home", home, "--port", "0", "--gateway-port", String(options.gatewayPort ?? 0), "--log-level", "error"], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...(database === null ? {} : { MILLRACE_DATABASE: database }), ...options.env },
  });
  const exited = once(child, "exit");
  (options.atEnd ?? onTestFinished)(async () => {
    child.kill("SIGKILL");
    await exited;
    await killGatewayOf(home);
  });
  let said = "";
  child.stderr.on("data", (part: Buffer) => (said += String(part)));
  const line = await Promise.race([once(createInterface(child.stdout), "line"), exited.then(() => Promise.reject(new Error(`the server ended: ${said}`)))]);
  const { url, gateway, error } = JSON.parse(String(line[0])) as { url: string; gateway: string; error?: { message: string } };
  if (error) throw new Error(error.message);
  return {
    url,
    gateway,
    child,
    exited,
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
    killGateway: () => killGatewayOf(home),
  };
}

/** Ends the gateway of a home at once, if there is one. */
export async function killGatewayOf(home: string): Promise<void> {
  const text = await readFile(join(home, "run", "gateway.json"), "utf8").catch(() => undefined);
  if (text === undefined) return;
  const { pid } = JSON.parse(text) as { pid: number };
  try {
    process.kill(pid, "SIGKILL");
    for (;;) {
      process.kill(pid, 0);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Walks a project file once through the API, as `millrace run` does. */
export async function runProject(url: string, file: string, id?: string, options: { /** Of a project with a command. */ readonly home?: string } = {}): Promise<PipelineRun> {
  const project = await loadProject(file);
  return followRun(url, await startRun(url, options.home ?? "", project, id), () => undefined, new AbortController().signal);
}

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs a command line in a process of its own. */
export async function millrace(args: readonly string[], options: { readonly cwd?: string } = {}): Promise<Ran> {
  const child = spawn(process.execPath, [program, ...args], { ...(options.cwd === undefined ? {} : { cwd: options.cwd }), stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" } });
  let [out, err] = ["", ""];
  child.stdout.on("data", (part: Buffer) => (out += String(part)));
  child.stderr.on("data", (part: Buffer) => (err += String(part)));
  const [code] = (await once(child, "close")) as [number | null];
  return { code: code ?? -1, out, err };
}
