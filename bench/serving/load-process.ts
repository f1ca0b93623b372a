/**
 * The load of the benchmark, a process of its own: raw HTTP/1.1 over sockets with one prepared request, so that the client costs little.
 * Closed loop: each connection asks again when it is answered. Open loop (`rate`): requests are due at fixed times, whoever is free sends them,
 * and a latency counts from when the request was due, so that a server that stalls cannot hide it (no coordinated omission).
 *
 *     node load-process.ts '{"port":8080,"path":"/","body":"file","headers":{},"connections":8,"seconds":5,"rate":0}'
 */
import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";

export interface LoadOptions {
  readonly port: number;
  readonly path: string;
  /** The file that holds the body. */
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly connections: number;
  readonly seconds: number;
  /** Requests per second; 0 for a closed loop. */
  readonly rate: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly failures: number;
  readonly perSecond: number;
  /** Milliseconds. */
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  /** Share of its core that the load process took: near 1 it is the client that is measured. */
  readonly clientShare: number;
}

const options = JSON.parse(process.argv[2]) as LoadOptions;
const body = readFileSync(options.body);
const headers = Object.entries({ host: "127.0.0.1", "content-length": String(body.length), ...options.headers });
const request = Buffer.concat([Buffer.from(`POST ${options.path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`), body]);

const warmMs = Math.min(1000, options.seconds * 200);
const begin = performance.now() + warmMs;
const end = begin + options.seconds * 1000;
const latencies: number[] = [];
let failures = 0;
let open = options.connections;
const idle: Connection[] = [];
const due: number[] = [];

class Connection {
  #socket: Socket | undefined;
  #received: Buffer = Buffer.alloc(0);
  #since = 0;
  #busy = false;

  start(): void {
    this.#received = Buffer.alloc(0);
    this.#socket = connect(options.port, "127.0.0.1", () => this.next());
    this.#socket.setNoDelay(true);
    this.#socket.on("data", (part) => this.#take(part));
    this.#socket.on("error", () => undefined);
    this.#socket.on("close", () => this.#closed());
  }

  next(): void {
    if (performance.now() >= end) return this.#stop();
    if (options.rate === 0) return this.send(performance.now());
    const at = due.shift();
    if (at === undefined) idle.push(this);
    else this.send(at);
  }

  send(since: number): void {
    this.#since = since;
    this.#busy = true;
    this.#socket!.write(request);
  }

  #take(part: Buffer): void {
    this.#received = this.#received.length === 0 ? part : Buffer.concat([this.#received, part]);
    const head = this.#received.indexOf("\r\n\r\n");
    if (head < 0) return;
    const text = this.#received.toString("latin1", 0, head).toLowerCase();
    const length = /content-length: (\d+)/.exec(text)?.[1];
    const whole = length === undefined ? this.#received.subarray(-5).equals(lastChunk) : this.#received.length >= head + 4 + Number(length);
    if (!whole) return;
    this.#received = Buffer.alloc(0);
    this.#busy = false;
    const now = performance.now();
    if (now >= begin) {
      if (text.startsWith("http/1.1 200")) latencies.push(now - this.#since);
      else failures++;
    }
    this.next();
  }

  #closed(): void {
    if (performance.now() >= end) return;
    if (this.#busy) failures++;
    this.#busy = false;
    this.start();
  }

  #stop(): void {
    this.#socket!.destroy();
    if (--open === 0) report();
  }
}

const lastChunk = Buffer.from("0\r\n\r\n");

/** Puts what is due to idle connections, at once: a timer would send a millisecond's requests together. This process has a core of its own to spin on. */
function schedule(): void {
  const interval = 1000 / options.rate;
  let next = performance.now();
  const spin = () => {
    const now = performance.now();
    if (now >= end) {
      for (const connection of idle.splice(0)) connection.next();
      return;
    }
    for (; next <= now; next += interval) {
      const connection = idle.pop();
      if (connection) connection.send(next);
      else due.push(next);
    }
    setImmediate(spin);
  };
  spin();
}

let reported = false;
function report(): void {
  if (reported) return;
  reported = true;
  // Requests that were due and never sent waited at least this long.
  for (const at of due) if (at >= begin) latencies.push(performance.now() - at);
  const sorted = Float64Array.from(latencies).sort();
  const quantile = (q: number) => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
  const { user, system } = process.cpuUsage(before);
  const result: LoadResult = {
    requests: sorted.length,
    failures,
    perSecond: sorted.length / options.seconds,
    p50: quantile(0.5),
    p90: quantile(0.9),
    p99: quantile(0.99),
    p999: quantile(0.999),
    clientShare: (user + system) / 1e6 / ((performance.now() - started) / 1000),
  };
  process.stdout.write(JSON.stringify(result));
  process.exit(0);
}

const started = performance.now();
const before = process.cpuUsage();
for (let i = 0; i < options.connections; i++) new Connection().start();
if (options.rate > 0) schedule();
setTimeout(report, end - performance.now() + 3000).unref();
