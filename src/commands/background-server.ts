import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { runningServer, type ServerAddress } from "../cli/find-server.ts";
import type { Settings } from "../config.ts";
import { conflict, MillraceError } from "../errors.ts";

export interface StartedServer {
  readonly address: ServerAddress;
  /** False when it ran already. */
  readonly started: boolean;
  /** Stops it, if it was started here. */
  readonly stop: () => Promise<void>;
}

/**
 * The server of a home folder: the one that runs, or one started in the background, which logs to `<home>/logs/server.log`. A default
 * port that is taken is replaced by a free one. `bound` servers end with the process that started them.
 */
export async function backgroundServer(program: string, settings: Settings, options: { readonly bound: boolean }): Promise<StartedServer> {
  const running = options.bound ? await settledServer(settings.home) : await runningServer(settings.home);
  if (running) return { address: running, started: false, stop: () => Promise.resolve() };
  const port = await freeOr(settings.host, settings.port);
  // The gateway's gRPC listens on the port after it.
  const gatewayPort = (await freeOr(settings.host, settings.gatewayPort + 1)) === 0 ? 0 : await freeOr(settings.host, settings.gatewayPort);
  mkdirSync(join(settings.home, "logs"), { recursive: true, mode: 0o700 });
  const logFile = join(settings.home, "logs", "server.log");
  const log = openSync(logFile, "a", 0o600);
  const args = ["up", "--home", settings.home, "--artifacts", settings.artifacts, "--host", settings.host, "--port", String(port), "--gateway-port", String(gatewayPort), "--artifact-root", settings.artifactRoot, "--log-level", settings.logLevel, ...(settings.python === null ? [] : ["--python", settings.python]), ...(settings.memoryLimit === null ? [] : ["--memory-limit", settings.memoryLimit])];
  // The server is mostly idle: a small young generation keeps it small, at no cost that shows.
  const child = spawn(process.execPath, ["--max-semi-space-size=4", program, ...args], {
    // The channel is how a bound server notices that the process that started it is gone.
    stdio: ["ignore", log, log, ...(options.bound ? (["ipc"] as const) : [])],
    detached: true,
    // Not as an argument: everybody on the machine can read those.
    env: { ...process.env, ...(options.bound ? { MILLRACE_BOUND: "1" } : {}), ...(settings.database === null ? {} : { MILLRACE_DATABASE: settings.database }) },
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  let gone = false;
  void exited.then(() => (gone = true));
  if (!options.bound) child.unref();
  const deadline = performance.now() + 60_000;
  for (;;) {
    const address = await runningServer(settings.home);
    if (address?.pid === child.pid && address !== undefined) {
      return {
        address,
        started: true,
        stop: async () => {
          child.kill("SIGTERM");
          await exited;
        },
      };
    }
    if (gone || performance.now() > deadline) {
      const said = readFileSync(logFile, "utf8").trim().split("\n").slice(-5).join("\n");
      throw new MillraceError("server.failed", 500, `The server did not start; its log says:\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** The running server of a home, unless it is one that is just ending because the process it was bound to was killed. */
async function settledServer(home: string): Promise<ServerAddress | undefined> {
  const deadline = performance.now() + 5000;
  for (;;) {
    const running = await runningServer(home);
    if (running?.bound !== true) return running;
    if (performance.now() > deadline) {
      throw conflict("server.home_in_use", `A tour (server process ${running.pid}) runs on ${home} at ${running.url}; wait for it, stop it, or use another --home`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The port if it is free, else 0: any. */
async function freeOr(host: string, port: number): Promise<number> {
  if (port === 0) return 0;
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once("error", () => resolve(0));
    probe.listen(port, host, () => probe.close(() => resolve(port)));
  });
}
