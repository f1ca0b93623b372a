import { createServer } from "node:http";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { client } from "../src/http/client.ts";
import type { PipelineRoutes } from "../src/pipelines/routes.ts";
import type { PipelineRun } from "../src/stage.ts";
import { verifyAudit, type AuditTables } from "../src/storage/audit.ts";
import { openTestDatabase } from "../src/storage/fixtures/open-test-database.ts";
import { replayWorld, storyOf, usual, writeWorld, type Story, type World } from "./daily-world.ts";
import { runProject, startMillrace, type RunningServer } from "./running-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const world: World = { baseDays: 20, liveDays: 9, moved: (day) => (day < 2 ? 0 : 10), target: (x, group) => usual(Math.min(x, 10), group) - 12 * Math.max(0, x - 10) };

/** One life of the world, with what disturbs it; ends with its story. */
async function life(disturb?: (place: { readonly home: string; readonly file: string; readonly server: RunningServer }) => Promise<RunningServer>): Promise<Story> {
  const folder = await temporaryFolder();
  const file = await writeWorld(folder, world);
  const home = join(folder, "home");
  let server = await startMillrace(home);
  if (disturb) server = await disturb({ home, file, server });
  const first = await runProject(server.url, file, "first");
  expect([first.state, first.reason]).toEqual(["succeeded", null]);
  await replayWorld(server.url, server.gateway);
  const db = await openTestDatabase(join(home, "millrace.db"));
  onTestFinished(() => db.destroy());
  expect(await verifyAudit(db.withTables<AuditTables>())).toBeUndefined();
  return storyOf(server.url);
}

/** The source lies in another folder each time; nothing else may differ. */
const told = ({ decisions, windows }: Story): unknown => ({ decisions, windows });

/** Ends the server as soon as a run shows what is waited for. Polls: what it watches is another process. */
async function killWhen(server: RunningServer, seen: (runs: readonly PipelineRun[]) => boolean): Promise<void> {
  const pipelines = client<PipelineRoutes>(server.url, "pipelines");
  for (;;) {
    const { runs } = await pipelines("GET /runs", { query: {} });
    if (seen(await Promise.all(runs.map((run) => pipelines("GET /runs/:id", { params: { id: run.id } }))))) break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  await server.kill();
}

const reached = (name: string, step: string) => (runs: readonly PipelineRun[]): boolean => runs.some((run) => run.name === name && run.steps.some((one) => one.id === step && one.state !== "waiting"));

describe("a life that is cut off by kill -9 ends as one that was not", () => {
  let known: Story | undefined;
  const undisturbedLife = async (): Promise<Story> => {
    known ??= await life();
    expect(known.decisions.map((decision) => decision.kind).slice(0, 3)).toEqual(["alarm", "canary_started", "promoted"]);
    expect(known.windows.length).toBeGreaterThan(world.liveDays);
    return known;
  };

  test("the server, while the first model is trained", async () => {
    const story = await life(async ({ home, file, server }) => {
      const running = runProject(server.url, file, "first").catch(() => undefined);
      await killWhen(server, reached("train", "train"));
      await running;
      return startMillrace(home);
    });
    const undisturbed = await undisturbedLife();
    expect({ ...story.loop, project: undefined }).toEqual({ ...undisturbed.loop, project: undefined });
    expect(told(story)).toEqual(told(undisturbed));
  });

  test("the server, while the first model is deployed, and again between two days", async () => {
    const story = await life(async ({ home, file, server }) => {
      const running = runProject(server.url, file, "first").catch(() => undefined);
      await killWhen(server, reached("train", "register"));
      await running;
      const second = await startMillrace(home);
      await runProject(second.url, file, "first");
      let days = 0;
      await replayWorld(second.url, second.gateway, () => {
        if ((days += 1) === 2) second.child.kill("SIGKILL");
      }).catch(() => undefined);
      await second.exited;
      return startMillrace(home);
    });
    expect(told(story)).toEqual(told(await undisturbedLife()));
  });

  test.each(["train", "register"])("the server, in a retraining that has come to %s", async (step) => {
    const story = await life(async ({ home, file, server }) => {
      await runProject(server.url, file, "first");
      const replaying = replayWorld(server.url, server.gateway).catch(() => undefined);
      await killWhen(server, reached("retrain", step));
      await replaying;
      return startMillrace(home);
    });
    expect(told(story)).toEqual(told(await undisturbedLife()));
  });

  test.each([
    ["in the quiet days", 30],
    ["in the canary", 6 * 24 - 5],
  ])("the gateway, at a request %s", async (_, request) => {
    const story = await life(async ({ file, server }) => {
      await runProject(server.url, file, "first");
      const through = await killingProxy(server, request);
      await replayWorld(server.url, through).catch(() => undefined);
      // The server starts it again, on the same port, when it is next needed.
      expect((await fetch(`${server.url}/api/serving/gateway`)).status).toBe(200);
      return server;
    });
    expect(told(story)).toEqual(told(await undisturbedLife()));
  });
});

/** A way to the gateway that ends the gateway when the given request comes. */
async function killingProxy(server: RunningServer, at: number): Promise<string> {
  let count = 0;
  const proxy = createServer((request, response) => {
    void (async () => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      if ((count += 1) === at) await server.killGateway();
      const answer = await fetch(`${server.gateway}${request.url}`, { method: request.method!, body: Buffer.concat(parts) });
      response.writeHead(answer.status).end(await answer.text());
    })().catch(() => response.destroy());
  }).listen(0, "127.0.0.1");
  onTestFinished(() => void proxy.close());
  await once(proxy, "listening");
  return `http://127.0.0.1:${(proxy.address() as { port: number }).port}`;
}
