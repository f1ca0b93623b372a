import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Peer {
  readonly name: string;
  readonly url: string;
  /** From the start of the process to its first answer. */
  readonly startMs: number;
  readonly stop: () => Promise<void>;
}

/** Both servers keep their state in SQLite in a fresh folder; `mlflow` is the program of an environment that has it. */
export async function startPeer(name: "millrace" | "mlflow", mlflow: string): Promise<Peer> {
  const folder = await mkdtemp(join(tmpdir(), `bench-${name}-`));
  const port = String(await freePort());
  const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
  const begun = performance.now();
  const child =
    name === "millrace"
      ? spawn(process.execPath, [main, "up", "--home", folder, "--port", port, "--gateway-port", "0"], { stdio: "ignore" })
      : spawn(mlflow, ["server", "--port", port, "--workers", "1", "--backend-store-uri", `sqlite:///${folder}/mlflow.db`, "--artifacts-destination", folder], { stdio: "ignore", detached: true });
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${url}/health`).then((answer) => answer.ok, () => false))) {
    if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode} before it answered`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const startMs = performance.now() - begun;
  return {
    name,
    url,
    startMs,
    stop: async () => {
      const exited = once(child, "exit");
      end(child, name === "mlflow");
      await exited;
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

/** MLflow's server has children of its own, which end with their group. */
function end(child: ChildProcess, group: boolean): void {
  if (group) process.kill(-child.pid!, "SIGTERM");
  else child.kill("SIGTERM");
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}
