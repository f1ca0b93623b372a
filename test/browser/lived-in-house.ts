import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { backgroundServer } from "../../src/commands/background-server.ts";
import { followRun } from "../../src/commands/follow-run.ts";
import { replay } from "../../src/commands/replay.ts";
import { resolveSettings } from "../../src/config.ts";
import { client } from "../../src/http/client.ts";
import type { OptimizationRoutes } from "../../src/optimization/routes.ts";
import { loadProject } from "../../src/project/load.ts";
import type { Project } from "../../src/project/project.ts";
import type { ServingRoutes } from "../../src/serving/routes.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface RunningHouse {
  readonly url: string;
  readonly close: () => Promise<void>;
  /** Ends the server; the home stays. */
  readonly stop: () => Promise<void>;
  /** Starts it again, at the same address. */
  readonly start: () => Promise<void>;
}

/** A real server over an empty home folder, with the pages built. */
export async function emptyHouse(): Promise<RunningHouse> {
  // Where the server looks for them; built anew where they are older than their sources.
  const { ensurePages } = (await import(new URL("../../bin/clone.js", import.meta.url).href)) as { ensurePages: (node: string) => Promise<void> };
  await ensurePages(process.execPath);
  const home = await mkdtemp(join(tmpdir(), "millrace-browser-"));
  const settings = { ...resolveSettings({ home, port: 0, gatewayPort: 0 }, {}), home };
  const startAt = (port: number) => backgroundServer(join(root, "src/main.ts"), { ...settings, port }, { bound: true });
  let server = await startAt(0);
  const { url } = server.address;
  return {
    url,
    stop: () => server.stop(),
    start: async () => {
      server = await startAt(Number(new URL(url).port));
      if (server.address.url !== url) throw new Error(`The server came back at ${server.address.url}, not at ${url}`);
    },
    close: async () => {
      await server.stop();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** The bike-sharing example, as its file says. */
export const exampleProject = (): Promise<Project> => loadProject(join(root, "examples/bike-sharing/millrace.yaml"));

/** Walks a project once, up to a model that serves. */
export async function walkOnce(house: RunningHouse, project: Project): Promise<void> {
  const { run } = await client<OptimizationRoutes>(house.url, "optimization")("POST /runs", { body: { project } });
  const walked = await followRun(house.url, run, () => undefined, new AbortController().signal);
  if (walked.state !== "succeeded") throw new Error(`The run ${walked.state}: ${walked.reason}`);
}

/** Such a server after the example has been trained and `days` of its production replayed, retrainings and all. */
export async function livedInHouse(days: number): Promise<RunningHouse> {
  const house = await emptyHouse();
  const project = await exampleProject();
  await walkOnce(house, project);
  const { loop } = await client<OptimizationRoutes>(house.url, "optimization")("GET /loops/:endpoint", { params: { endpoint: project.model } });
  const gateway = await client<ServingRoutes>(house.url, "serving")("GET /gateway");
  const enough = new AbortController();
  const replayed = replay({ server: house.url, gateway: gateway.url, loop, signal: enough.signal, onWindow: ({ index }) => index >= days && enough.abort() });
  await replayed.catch((error: unknown) => {
    if (!enough.signal.aborted) throw error;
  });
  return house;
}
