import type { FastifyInstance } from "fastify";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { temporaryFolder } from "./temporary-folder.ts";
import { virtualClock } from "../src/clock.ts";
import { openHouse } from "../src/house.ts";
import { openServer } from "../src/http/server.ts";
import type { House } from "../src/stage.ts";
import { stages } from "../src/stages.ts";
import { testDatabase } from "../src/storage/fixtures/open-test-database.ts";

export interface Protocol {
  readonly server: FastifyInstance;
  readonly house: House;
  readonly clock: ReturnType<typeof virtualClock>;
  /** Asks below `/api/2.0/mlflow/`; returns the status and the answer. */
  readonly post: (path: string, body: unknown) => Promise<{ status: number; body: Answer }>;
  readonly get: (path: string) => Promise<{ status: number; body: Answer }>;
}

// Tests read deep into answers whose shape is what they check.
// eslint-disable-next-line typescript/no-explicit-any
export type Answer = any;

/** The whole server in this process, over an empty home folder; time stands at 1000. */
export async function openProtocol(options: { readonly artifactRoot?: string; readonly webhookAllow?: readonly string[]; readonly parallelTransfers?: boolean } = {}): Promise<Protocol> {
  const home = await temporaryFolder();
  const clock = virtualClock(1000);
  const { house, close } = await openHouse({ home, database: await testDatabase(), artifacts: join(home, "artifacts"), host: "127.0.0.1", port: 0, gatewayPort: 0, logLevel: "silent", artifactRoot: options.artifactRoot ?? "mlflow-artifacts:", python: null, memoryLimit: null, workers: 1, webhookAllow: options.webhookAllow ?? [], allowedHosts: [], parallelTransfers: options.parallelTransfers ?? false, backup: null }, stages, clock);
  // With pages, as users have it: their catch-all must not take what belongs to the protocol.
  const pages = join(home, "pages");
  await mkdir(pages);
  await writeFile(join(pages, "index.html"), "<!doctype html>");
  const server = await openServer(house, stages, pages);
  onTestFinished(async () => {
    await server.close();
    await close();
  });
  const ask = async (method: "GET" | "POST", path: string, body?: unknown) => {
    const answer = await server.inject({
      method,
      url: path.startsWith("/") ? path : `/api/2.0/mlflow/${path}`,
      ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, payload: typeof body === "string" ? body : JSON.stringify(body) }),
    });
    return { status: answer.statusCode, body: JSON.parse(answer.body) };
  };
  return { server, house, clock, post: async (path, body) => ask("POST", path, body), get: async (path) => ask("GET", path) };
}

/** Begins a run; returns its id. */
export async function startRun({ post }: Protocol, run: object = {}): Promise<string> {
  const { body } = await post("runs/create", { experiment_id: "0", start_time: 5, ...run });
  return (body as { run: { info: { run_id: string } } }).run.info.run_id;
}
