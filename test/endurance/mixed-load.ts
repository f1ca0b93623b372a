import { execFile } from "node:child_process";
import { setTimeout as until } from "node:timers/promises";
import { promisify } from "node:util";
import type { Page } from "playwright-core";
import { followRun } from "../../src/commands/follow-run.ts";
import { startRun } from "../../src/commands/start-run.ts";
import type { Project } from "../../src/project/project.ts";
import { predict } from "../lived-in-home.ts";

/** How many of each kind of work were done; what failed, as sentences. */
export class Tally {
  readonly done = new Map<string, number>();
  readonly faults: string[] = [];

  count(what: string): void {
    this.done.set(what, (this.done.get(what) ?? 0) + 1);
  }

  fault(what: string, error: unknown): void {
    this.faults.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }

  toString(): string {
    return [...this.done].map(([what, count]) => `${count} ${what}`).join(", ");
  }
}

/** Does something again and again until `end`, with a pause in between; what it throws is a fault. */
export async function over(end: number, pause: number, tally: Tally, what: string, act: (turn: number) => Promise<unknown>): Promise<void> {
  for (let turn = 0; performance.now() < end; turn++) {
    try {
      await act(turn);
      tally.count(what);
    } catch (error) {
      tally.fault(what, error);
      if (tally.faults.length > 100) return;
    }
    await until(pause);
  }
}

async function ask(address: string, method: "POST" | "PUT" | "GET", body?: object | string, headers: Readonly<Record<string, string>> = {}): Promise<string> {
  const answer = await fetch(address, { method, ...(body === undefined ? {} : typeof body === "string" ? { body, headers } : { body: JSON.stringify(body), headers: { "content-type": "application/json", ...headers } }) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${new URL(address).pathname}: ${answer.status} ${text.slice(0, 300)}`);
  return text;
}

/** A client of the tracking API: a run after another with params, metrics, tags, files and traces, and the questions that pages and notebooks ask. */
export function trackingClient(url: string, number: number): (turn: number) => Promise<unknown> {
  const api = (path: string, body: object): Promise<string> => ask(`${url}/api/2.0/mlflow/${path}`, "POST", body);
  let run = "";
  return async (turn) => {
    if (turn % 100 === 0) {
      const made = JSON.parse(await api("runs/create", { experiment_id: "0", run_name: `client-${number}-${turn}`, start_time: Date.now() })) as { run: { info: { run_id: string } } };
      run = made.run.info.run_id;
    }
    if (turn % 100 === 99) return api("runs/update", { run_id: run, status: "FINISHED", end_time: Date.now() });
    if (turn % 25 === 7) return ask(`${url}/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/weights-${turn}.bin`, "PUT", `${number} ${turn} `.repeat(20_000));
    if (turn % 25 === 8) return ask(`${url}/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/weights-${turn - 1}.bin`, "GET");
    if (turn % 25 === 13) return api("runs/search", { experiment_ids: ["0"], filter: "metrics.loss < 0.5", max_results: 100, order_by: ["attributes.start_time DESC"] });
    if (turn % 5 === 4) return traced(url, number, turn);
    return api("runs/log-batch", {
      run_id: run,
      metrics: Array.from({ length: 20 }, (_, at) => ({ key: ["loss", "accuracy", "rate", "norm"][at % 4], value: Math.exp(-turn / 50) + at / 1000, timestamp: Date.now(), step: turn * 5 + Math.floor(at / 4) })),
      params: [{ key: `p${turn % 100}`, value: String(turn) }],
      tags: [{ key: "turn", value: String(turn) }],
    });
  };
}

function traced(url: string, number: number, turn: number): Promise<string> {
  const at = BigInt(Date.now()) * 1_000_000n;
  const traceId = (BigInt(number + 1) * 1_000_000_000_000n + BigInt(Date.now() % 1e9) * 1000n + BigInt(turn % 1000)).toString(16).padStart(32, "0");
  const span = (id: number, parent: string | undefined) => ({ traceId, spanId: id.toString(16).padStart(16, "0"), ...(parent ? { parentSpanId: parent } : {}), name: `step ${id}`, startTimeUnixNano: String(at), endTimeUnixNano: String(at + 5_000_000n), attributes: [{ key: "mlflow.spanInputs", value: { stringValue: JSON.stringify({ question: "q".repeat(500) }) } }], status: { code: 1 } });
  return ask(`${url}/v1/traces`, "POST", { resourceSpans: [{ scopeSpans: [{ spans: [span(1, undefined), span(2, "1".padStart(16, "0"))] }] }] }, { "x-mlflow-experiment-id": "0" });
}

/** A run whose history grows all the time. */
export async function longRun(url: string): Promise<{ id: string; log: (turn: number) => Promise<unknown> }> {
  const api = (path: string, body: object): Promise<string> => ask(`${url}/api/2.0/mlflow/${path}`, "POST", body);
  const { run } = JSON.parse(await api("runs/create", { experiment_id: "0", run_name: "the long one", start_time: Date.now() })) as { run: { info: { run_id: string } } };
  const id = run.info.run_id;
  return { id, log: (turn) => api("runs/log-batch", { run_id: id, metrics: Array.from({ length: 50 }, (_, at) => ({ key: "loss", value: Math.sin((turn * 50 + at) / 900), timestamp: Date.now(), step: turn * 50 + at })) }) };
}

/** A training after another, each with parameters of its own, so that none is taken from what is kept. */
export const train = (url: string, home: string, project: Project) => async (turn: number): Promise<void> => {
  const id = await startRun(url, home, { ...project, train: { ...project.train, params: { ...project.train.params, iterations: 60 + (turn % 50) } } });
  const { state, reason } = await followRun(url, id, () => undefined, new AbortController().signal);
  if (state === "failed") throw new Error(reason ?? "a training failed");
};

export const predictSome = (url: string) => (): Promise<void> => predict(url, 10);

/** Somebody who walks from page to page. */
export const walkPages = (page: Page, url: string, addresses: readonly string[]) => async (turn: number): Promise<void> => {
  await page.goto(url + addresses[turn % addresses.length]);
  await page.locator("main h1").waitFor();
};

const kinds = { rss: "process_resident_memory_bytes", heapUsed: "nodejs_heap_size_used_bytes", external: "nodejs_external_memory_bytes", arrayBuffers: "nodejs_array_buffers_bytes" } as const;

/** Memory by kind as a server or gateway tells it, in MiB. */
export async function memoryByKind(url: string): Promise<Record<keyof typeof kinds, number>> {
  const text = await ask(`${url}/metrics`, "GET");
  const read = (name: string): number => Number(new RegExp(`^${name} (.*)$`, "m").exec(text)![1]) / 2 ** 20;
  return { rss: read(kinds.rss), heapUsed: read(kinds.heapUsed), external: read(kinds.external), arrayBuffers: read(kinds.arrayBuffers) };
}

const run = promisify(execFile);

/** Resident memory of the processes that a server started, but its gateway's, in MiB; undefined while there is none. */
export async function memoryOfWorkers(server: number, gateway: number): Promise<number | undefined> {
  const { stdout } = await run("ps", ["-e", "-o", "pid=,ppid=,rss="]);
  const all = stdout.trim().split("\n").map((line) => line.trim().split(/\s+/).map(Number) as [number, number, number]);
  const below = (parent: number): number[] => all.filter(([pid, ppid]) => ppid === parent && pid !== gateway).flatMap(([pid, , rss]) => [rss, ...below(pid)]);
  const found = below(server);
  return found.length === 0 ? undefined : found.reduce((sum, rss) => sum + rss, 0) / 1024;
}
