import { spawn } from "node:child_process";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { withoutDatabase } from "../config.ts";
import { conflict, MillraceError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { alive } from "../process-alive.ts";
import type { RowsStatus } from "./gateway/gateway-status.ts";
import type { BatchingInForce } from "./gateway/config/batch-config.ts";
import { parseBytes } from "./gateway/config/bytes.ts";
import type { Refusals } from "./gateway/models/managed-config.ts";

/** How to reach a running gateway; it writes this file itself once it listens. */
export interface GatewayAddress {
  readonly pid: number;
  readonly host: string;
  readonly port: number;
  readonly grpcPort: number | null;
  readonly token: string;
  readonly version: string;
}

export interface GatewayOptions {
  readonly home: string;
  readonly host: string;
  readonly port: number;
  /** Of gRPC. */
  readonly grpcPort: number;
  readonly program: string;
  /** The interpreter of Python models. */
  readonly python: string | null;
  /** What models may take together, such as 2GiB; no limit when null. */
  readonly memoryLimit: string | null;
  readonly log: Logger;
}

/** What the gateway says of itself on `/_millrace/status`. */
export interface GatewayStatus {
  readonly pid: number;
  readonly revision: number;
  readonly ready: boolean;
  /** Why it serves another configuration than it was told to; null when it does not. */
  readonly configError: string | null;
  /** Endpoints that it serves otherwise, or not at all, each with the reason; absent from a gateway of before it told. */
  readonly refusals?: Refusals;
  /** Bytes that the models take, and may take together; absent from a gateway of before it told. */
  readonly memory?: { readonly bytes: number; readonly limit: number | null };
  readonly endpoints: readonly {
    readonly name: string;
    /** Share of the answered requests that are logged. */
    readonly logShare?: number;
    readonly variants: readonly {
      readonly name: string;
      readonly version: string;
      readonly batching?: BatchingInForce;
      readonly pinned?: boolean;
      readonly rows?: RowsStatus;
      readonly remarks?: readonly string[];
      readonly requests: number;
      readonly errors: number;
      readonly latency: { readonly p50: number | null; readonly p99: number | null } | null;
    }[];
  }[];
  readonly log: { readonly written: number; readonly pending: number; readonly dropped: number };
}

/** The gateway of a home folder, watched over: adopted when one is running already, started when not, and started again when it dies. */
export interface GatewaySupervisor {
  readonly url: () => string;
  readonly call: (action: "status" | "reload" | "flush") => Promise<GatewayStatus>;
  /** Drains and stops the gateway and stops watching. */
  readonly stop: () => Promise<void>;
}

/** Finds or starts the gateway of a home. Fails with `serving.bad_size`, `serving.port_taken`, `serving.gateway_failed` or `serving.gateway_slow`. */
export async function superviseGateway(options: GatewayOptions): Promise<GatewaySupervisor> {
  bytesOf(options.memoryLimit);
  let address = (await adopt(options)) ?? (await start(options));
  let stopping = false;
  let starting: Promise<void> | undefined;

  /** Restarts a dead gateway, once however many callers found it dead. */
  const revive = (): Promise<void> =>
    (starting ??= (async () => {
      options.log.error({ pid: address.pid }, "the gateway is gone; starting it again");
      // The ports it had are those that clients know.
      address = await start({ ...options, port: address.port, grpcPort: address.grpcPort ?? options.grpcPort });
    })().finally(() => (starting = undefined)));

  const watch = setInterval(() => {
    if (stopping || starting || alive(address.pid)) return;
    revive().catch((error: unknown) => options.log.error({ err: error }, "the gateway could not be started again"));
  }, 1000).unref();

  return {
    url: () => urlOf(address),
    async call(action) {
      if (!stopping && !alive(address.pid)) await revive();
      const asked = address;
      try {
        return await callGateway(asked, action);
      } catch (error) {
        if (stopping || error instanceof MillraceError) throw error;
        // It died just now, perhaps under this call; once the system says so too, the next one is asked.
        const silent = (): Error => new MillraceError("serving.gateway_silent", 503, `The gateway (process ${asked.pid}) runs but does not answer`, { cause: error });
        await until(() => address !== asked || !alive(asked.pid), 2000, silent);
        if (address === asked) await revive();
        return await callGateway(address, action);
      }
    },
    async stop() {
      stopping = true;
      clearInterval(watch);
      await starting?.catch(() => undefined);
      if (!alive(address.pid)) return;
      process.kill(address.pid, "SIGTERM");
      await until(() => !alive(address.pid), 15_000, () => new MillraceError("serving.gateway_stuck", 500, `The gateway (process ${address.pid}) did not end within 15 s of SIGTERM`));
    },
  };
}

const urlOf = (address: GatewayAddress): string => `http://${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;

async function callGateway(address: GatewayAddress, action: "status" | "reload" | "flush", patienceMs?: number): Promise<GatewayStatus> {
  const response = await fetch(`${urlOf(address)}/_millrace/${action}`, {
    method: action === "status" ? "GET" : "POST",
    headers: { authorization: `Bearer ${address.token}` },
    ...(patienceMs !== undefined && { signal: AbortSignal.timeout(patienceMs) }),
  });
  const text = await response.text();
  if (!response.ok) throw new MillraceError("serving.gateway_refused", response.status === 507 ? 507 : 500, `The gateway answered ${response.status} to ${action}: ${text.slice(0, 500)}`);
  return JSON.parse(text) as GatewayStatus;
}

/** The gateway a former server of this home left running, if it still answers at the address that is wanted. */
async function adopt(options: GatewayOptions): Promise<GatewayAddress | undefined> {
  const address = readAddress(options.home);
  if (!address || !alive(address.pid)) return undefined;
  const status = await callGateway(address, "status").catch(() => undefined);
  // A process that has taken over the number of a dead gateway is left alone.
  if (status?.pid !== address.pid) return undefined;
  const asWanted = address.host === options.host && (options.port === 0 || options.port === address.port) && (status.memory?.limit ?? null) === bytesOf(options.memoryLimit);
  if (asWanted) return address;
  process.kill(address.pid, "SIGTERM");
  await until(() => !alive(address.pid), 15_000, () => new MillraceError("serving.gateway_stuck", 500, `The former gateway (process ${address.pid}) does not end`));
  return undefined;
}

/**
 * Stops the gateway of a home, whoever started it, and returns its process; undefined where none runs. Throws `serving.gateway_silent` where a process of its
 * number runs that does not answer as the gateway, and `serving.gateway_stuck`.
 */
export async function stopGateway(home: string): Promise<number | undefined> {
  const address = readAddress(home);
  if (!address || !alive(address.pid)) return undefined;
  const { pid } = address;
  const status = await callGateway(address, "status", 5000).catch(() => undefined);
  // Nobody listens there: the number is another process's by now.
  if (status === undefined && (await listens(address)) === false) return undefined;
  if (status === undefined) throw new MillraceError("serving.gateway_silent", 503, `The gateway of ${home} (process ${pid}) runs but does not answer; \`kill ${pid}\` ends it, \`kill -9 ${pid}\` if it hangs`);
  if (status.pid !== pid) return undefined;
  process.kill(pid, "SIGTERM");
  await until(() => !alive(pid), 15_000, () => new MillraceError("serving.gateway_stuck", 500, `The gateway (process ${pid}) did not end within 15 s of SIGTERM; \`kill -9 ${pid}\` ends it`));
  return pid;
}

/** What the gateway of a home says of itself, whoever started it, when asked or told to write its log; undefined where none runs. Throws `serving.gateway_silent`. */
export async function gatewayOfHome(home: string, action: "status" | "flush" = "status"): Promise<GatewayStatus | undefined> {
  const address = readAddress(home);
  if (!address || !alive(address.pid)) return undefined;
  const status = await callGateway(address, action, action === "status" ? 5000 : 60_000).catch(() => undefined);
  if (status === undefined && (await listens(address)) !== false) throw new MillraceError("serving.gateway_silent", 503, `The gateway of ${home} (process ${address.pid}) runs but does not answer`);
  return status?.pid === address.pid ? status : undefined;
}

/** Whether anything takes connections at the address; undefined where that cannot be told in time. */
function listens({ host, port }: GatewayAddress): Promise<boolean | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const tell = (answer: boolean | undefined): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once("connect", () => tell(true)).once("timeout", () => tell(undefined)).once("error", ({ code }: NodeJS.ErrnoException) => tell(code === "ECONNREFUSED" ? false : undefined));
  });
}

const bytesOf = (limit: string | null): number | null => (limit === null ? null : parseBytes(limit, "--memory-limit (MILLRACE_MEMORY_LIMIT)"));

async function start(options: GatewayOptions): Promise<GatewayAddress> {
  mkdirSync(join(options.home, "logs"), { recursive: true, mode: 0o700 });
  const logFile = join(options.home, "logs", "gateway.log");
  const out = openSync(logFile, "a", 0o600);
  const args = ["--max-semi-space-size=16", options.program, "--home", options.home, "--host", options.host, "--port", String(options.port), "--grpc-port", String(options.grpcPort)];
  if (options.memoryLimit !== null) args.push("--memory-limit", options.memoryLimit);
  const env = { ...withoutDatabase(process.env), ...(options.python !== null && { MILLRACE_GATEWAY_PYTHON: options.python }), NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(options.home, "cache") };
  // Detached: it outlives this server, and an interrupt from the terminal reaches the server alone, which then drains it.
  const child = spawn(process.execPath, args, { detached: true, stdio: ["ignore", out, out], env });
  child.unref();
  const exited = new Promise<number | null>((resolve) => child.once("exit", resolve));
  let code: number | null | undefined;
  void exited.then((exit) => (code = exit ?? 1));
  const listening = (): boolean => readAddress(options.home)?.pid === child.pid;
  await until(
    () => listening() || code !== undefined,
    20_000,
    () => new MillraceError("serving.gateway_slow", 500, `The gateway did not listen within 20 s; see ${logFile}`),
  );
  if (!listening()) {
    const said = readFileSync(logFile, "utf8").trim().split("\n").slice(-3).join("\n");
    const taken = /Port (\d+) on \S+ is taken by another program/.exec(said)?.[1];
    if (taken !== undefined) {
      const what = Number(taken) === options.port ? "" : ` (gRPC, the port after the gateway's)`;
      throw conflict("serving.port_taken", `Port ${taken}${what} on ${options.host} is taken by another program; stop it, or choose another with --gateway-port (0 takes any free one)`);
    }
    throw new MillraceError("serving.gateway_failed", 500, `The gateway ended with exit code ${code}: ${said}`);
  }
  return readAddress(options.home)!;
}

function readAddress(home: string): GatewayAddress | undefined {
  try {
    return JSON.parse(readFileSync(join(home, "run", "gateway.json"), "utf8")) as GatewayAddress;
  } catch {
    // Absent, or half of a file of a machine that lost power: then there is no gateway to adopt.
    return undefined;
  }
}

async function until(done: () => boolean, patienceMs: number, late: () => Error): Promise<void> {
  const deadline = performance.now() + patienceMs;
  while (!done()) {
    if (performance.now() > deadline) throw late();
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}
