import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** A server to measure. */
export interface Contender {
  readonly title: string;
  readonly name: "millrace" | "mlflow";
  /** MLflow's worker processes. */
  readonly workers?: number;
  /** The program `mlflow` of an environment that has it. */
  readonly mlflow: string;
  /** The checkout of Millrace, when it is not this one. */
  readonly checkout?: string;
  /** MLflow's database when it is not SQLite. */
  readonly database?: string | undefined;
}

export interface Peer {
  readonly url: string;
  /** From the start of the process to its first answer. */
  readonly startMs: number;
  /** Resident memory of all its processes, in MB. */
  readonly memory: () => number;
  readonly stop: () => Promise<void>;
}

/** A fresh folder for a contender's state. */
export const freshFolder = (name: string): Promise<string> => mkdtemp(join(tmpdir(), `bench-${name}-`));

export const removeFolder = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true, maxRetries: 5 });

/** Where a contender on SQLite keeps its metadata. */
export const databaseFile = ({ name }: Contender, folder: string): string => join(folder, name === "millrace" ? "millrace.db" : "mlflow.db");

export async function startPeer(contender: Contender, folder: string): Promise<Peer> {
  const port = String(await freePort());
  const main = contender.checkout === undefined ? fileURLToPath(new URL("../../src/main.ts", import.meta.url)) : join(contender.checkout, "src/main.ts");
  const store = contender.database ?? `sqlite:///${databaseFile(contender, folder)}`;
  const begun = performance.now();
  const child =
    contender.name === "millrace"
      ? spawn(process.execPath, [main, "up", "--home", folder, "--port", port, "--gateway-port", "0"], { stdio: "ignore" })
      : spawn(contender.mlflow, ["server", "--port", port, "--workers", String(contender.workers ?? 1), "--backend-store-uri", store, "--artifacts-destination", join(folder, "artifacts")], {
          stdio: "ignore",
          detached: true,
          env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: "true" },
        });
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${url}/health`).then((answer) => answer.ok, () => false))) {
    if (child.exitCode !== null) throw new Error(`${contender.title} ended with ${child.exitCode} before it answered`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const startMs = performance.now() - begun;
  return {
    url,
    startMs,
    memory: () => treeMemory(child.pid!),
    stop: async () => {
      const exited = once(child, "exit");
      end(child, contender.name === "mlflow");
      await exited;
    },
  };
}

/** MLflow's server has children of its own, which end with their group. */
function end(child: ChildProcess, group: boolean): void {
  if (group) process.kill(-child.pid!, "SIGTERM");
  else child.kill("SIGTERM");
}

/** Proportional memory (PSS, so that what processes share counts once) of a process and all below it, in MB; Linux only. */
function treeMemory(root: number): number {
  const parents = new Map<number, number>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      parents.set(Number(entry), Number(/^PPid:\s+(\d+)/m.exec(readFileSync(`/proc/${entry}/status`, "utf8"))?.[1]));
    } catch {
      // It has ended since the listing.
    }
  }
  const below = (pid: number): boolean => pid === root || (parents.has(pid) && parents.get(pid) !== 0 && below(parents.get(pid)!));
  let kilobytes = 0;
  for (const pid of [...parents.keys()].filter(below)) kilobytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
  return kilobytes / 1024;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
