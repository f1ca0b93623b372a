import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { cache, type Contender } from "./contenders.ts";
import type { LoadOptions, LoadResult } from "./load-process.ts";

const run = promisify(execFile);
/** The server and all its children on one core, the load on the other. */
const serverCore = "0";
const loadCore = "1";

/** Makes an environment of Python once, from PyPI. */
export async function environment(name: string, packages: readonly string[]): Promise<void> {
  const folder = join(cache, name);
  if (existsSync(join(folder, "ok"))) return;
  console.error(`installing ${packages.join(", ")} …`);
  await mkdir(cache, { recursive: true });
  await run("python3", ["-m", "venv", folder]);
  await run(join(folder, "bin", "pip"), ["install", "-q", "--disable-pip-version-check", ...packages], { timeout: 900_000, maxBuffer: 1 << 24 });
  await writeFile(join(folder, "ok"), "");
}

export interface Server {
  readonly port: number;
  /** Resident bytes of all its processes. */
  readonly memory: () => number;
  /** Seconds of the processor that they took so far: what others on the machine do hardly shows in them. */
  readonly processorSeconds: () => number;
  readonly stop: () => Promise<void>;
}

/** Starts a server with a model and waits until it answers `request` with 200. */
export async function startServer(contender: Contender, model: string, body: Buffer, headers: Readonly<Record<string, string>>): Promise<Server> {
  const folder = await mkdtemp(join(tmpdir(), "bench-serving-"));
  const port = await freePort();
  const { command, args, env } = await contender.command(model, port, join(folder, "home"));
  const child = spawn("taskset", ["-c", serverCore, command, ...args], { detached: true, stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, OMP_NUM_THREADS: "1", ...env } });
  let said = "";
  child.stderr.on("data", (part: Buffer) => (said = (said + String(part)).slice(-4000)));
  const stop = async (): Promise<void> => {
    try {
      process.kill(-child.pid!, "SIGKILL");
    } catch {
      // It has ended already.
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const deadline = performance.now() + 90_000;
  while (!(await ask(port, contender, body, headers))) {
    if (child.exitCode !== null || performance.now() > deadline) {
      await stop();
      throw new Error(`${contender.name} did not answer: ${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  const sumOf = (what: (pid: number) => number) => () => treeOf(child.pid!).reduce((sum, pid) => sum + what(pid), 0);
  return { port, stop, memory: sumOf(residentBytes), processorSeconds: sumOf(processorSeconds) };
}

/** The numbers of an answer, or undefined when there is none yet. */
export async function ask(port: number, contender: Contender, body: Buffer, headers: Readonly<Record<string, string>>): Promise<number[] | undefined> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}${contender.path}`, { method: "POST", headers, body: new Uint8Array(body) });
    if (answer.status !== 200) return undefined;
    const bytes = Buffer.from(await answer.arrayBuffer());
    const json = answer.headers.get("inference-header-content-length");
    if (json !== null) return Array.from(new Float32Array(new Uint8Array(bytes.subarray(Number(json))).buffer));
    return numbersIn(JSON.parse(bytes.toString("utf8")));
  } catch {
    return undefined;
  }
}

/** All numbers of the longest list in an answer, whatever its protocol calls it. */
function numbersIn(value: unknown): number[] {
  if (Array.isArray(value)) {
    const flat = value.flat(9) as unknown[];
    if (flat.every((one) => typeof one === "number")) return flat;
    return flat.map(numbersIn).reduce((best, one) => (one.length > best.length ? one : best), []);
  }
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).filter(([key]) => key !== "shape").map(([, one]) => numbersIn(one)).reduce((best, one) => (one.length > best.length ? one : best), []);
}

/** One load from the other core. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const program = fileURLToPath(new URL("./load-process.ts", import.meta.url));
  const { stdout } = await run("taskset", ["-c", loadCore, process.execPath, program, JSON.stringify(options)], { timeout: options.seconds * 1000 + 60_000 });
  return JSON.parse(stdout) as LoadResult;
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

function treeOf(root: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const text = readText(`/proc/${name}/stat`);
    if (text) parents.set(Number(name), Number(text.slice(text.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const tree = [root];
  for (const pid of tree) for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  return tree;
}

const residentBytes = (pid: number): number => Number(/^Rss:\s+(\d+)/m.exec(readText(`/proc/${pid}/smaps_rollup`) ?? "")?.[1] ?? 0) * 1024;

/** Time in user and kernel mode, in hundredths of a second on Linux (proc_pid_stat(5), fields 14 and 15). */
function processorSeconds(pid: number): number {
  const text = readText(`/proc/${pid}/stat`) ?? "";
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return text === "" ? 0 : (Number(fields[11]) + Number(fields[12])) / 100;
}

function readText(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // It has ended meanwhile.
  }
}
