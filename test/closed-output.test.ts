import { spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { killGatewayOf, program } from "./running-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const gatewayProgram = fileURLToPath(new URL("../src/serving/gateway/main.ts", import.meta.url));
const model = fileURLToPath(new URL("../src/serving/gateway/fixtures/trips-1.onnx", import.meta.url));

/** Runs a command in a shell's pipe whose reader ends after `reads`; `exit` says with which status the command ended, and what it wrote besides. */
async function piped(reads: "nothing" | "a line", args: readonly string[]): Promise<{ readonly exit: () => Promise<string> }> {
  const folder = await temporaryFolder();
  const script = `{ "$@"; echo "status $?" > "$STATUS"; } 2>&1 | ${reads === "nothing" ? "true" : "head -n 1"} > /dev/null`;
  const status = join(folder, "status");
  const shell = spawn("sh", ["-c", script, "sh", process.execPath, ...args], { stdio: "ignore", detached: true, env: { ...process.env, STATUS: status, NO_COLOR: "1" } });
  const ended = once(shell, "exit");
  onTestFinished(async () => {
    try {
      process.kill(-shell.pid!, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
    await ended;
  });
  return {
    exit: async () => {
      await ended;
      return (await readFile(status, "utf8")).trim();
    },
  };
}

interface Address {
  readonly pid: number;
  readonly url: string;
  readonly port: number;
  readonly token: string;
}

/** What a process that starts leaves in this file, as soon as it is there. */
async function addressIn(home: string, file: string): Promise<Address> {
  const folder = join(home, "run");
  await mkdir(folder, { recursive: true });
  for await (const _ of looks(folder)) {
    const text = await readFile(join(folder, file), "utf8").catch(() => "");
    if (text !== "") return JSON.parse(text) as Address;
  }
  throw new Error("never");
}

/** Now, and after every change in a folder. */
async function* looks(folder: string): AsyncGenerator<void> {
  const watcher = watch(folder);
  try {
    for (;;) {
      const changed = once(watcher, "change");
      yield;
      await changed;
    }
  } finally {
    watcher.close();
  }
}

test.each(["nothing", "a line"] as const)("a server whose output is read no further than %s goes on, with its gateway, and stops in good order", async (reads) => {
  const home = await temporaryFolder();
  onTestFinished(() => killGatewayOf(home));
  const { exit } = await piped(reads, [program, "up", "--json", "--home", home, "--port", "0", "--gateway-port", "0", "--log-level", "debug"]);
  const server = await addressIn(home, "server.json");
  const gateway = await addressIn(home, "gateway.json");
  // Each request is a line of the log, which goes into the same pipe.
  for (let turn = 0; turn < 3; turn++) {
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    expect((await fetch(`${server.url}/api/nothing/here`)).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${gateway.port}/v2/health/live`)).status).toBe(200);
  }
  process.kill(server.pid, "SIGTERM");
  expect(await exit()).toBe("status 0");
  await expect(fetch(`http://127.0.0.1:${gateway.port}/v2/health/live`)).rejects.toThrow("fetch failed");
});

test.each([
  ["millrace gateway --json", [program, "gateway", "--json"], ["--model", `trips=${model}`]],
  ["millrace gateway", [program, "gateway"], ["--model", `trips=${model}`]],
  ["the gateway of a server", [gatewayProgram], []],
])("%s goes on when nobody reads its output and its log", async (_, command, models) => {
  for (const reads of ["nothing", "a line"] as const) {
    const home = await temporaryFolder();
    const { exit } = await piped(reads, [...command, "--home", home, "--port", "0", "--grpc-port", "0", ...models]);
    const { pid, port, token } = await addressIn(home, "gateway.json");
    const url = `http://127.0.0.1:${port}`;
    // Loads and unloads are told in the log.
    if (models.length > 0) for (const change of ["unload", "load", "unload", "load"]) expect((await fetch(`${url}/v2/repository/models/trips/${change}`, { method: "POST", body: "{}" })).status).toBe(200);
    expect((await fetch(`${url}/v2/health/live`)).status).toBe(200);
    // As each is stopped by who started it.
    if (models.length > 0) process.kill(pid, "SIGTERM");
    else await fetch(`${url}/_millrace/stop`, { method: "POST", headers: { authorization: `Bearer ${token}` } });
    expect(await exit()).toBe("status 0");
  }
});

test.each([["--help"], ["registry", "models", "--help"], ["gateway", "--help"]])("a command whose reader has gone ends as if it were there: %s", async (...args) => {
  expect(await (await piped("nothing", [program, ...args])).exit()).toBe("status 0");
});
