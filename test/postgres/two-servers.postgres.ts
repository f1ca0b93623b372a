import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { client } from "../../src/http/client.ts";
import type { OptimizationRoutes } from "../../src/optimization/routes.ts";
import type { PipelineRoutes } from "../../src/pipelines/routes.ts";
import { verifyAudit, type AuditTables } from "../../src/storage/audit.ts";
import { openTestDatabase, testDatabase } from "../../src/storage/fixtures/open-test-database.ts";
import { dayMs, usual, writeWorld, type World } from "../daily-world.ts";
import { runProject, startMillrace, type RunningServer } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";

interface Place {
  readonly folder: string;
  /** Starts a server with a home of its own on the database and the artifacts that all share. */
  readonly server: (name: string) => Promise<RunningServer>;
  readonly auditBreaks: () => Promise<number | undefined>;
}

async function openPlace(): Promise<Place> {
  const folder = await temporaryFolder();
  const shared = join(folder, "shared");
  const database = (await testDatabase(shared))!;
  return {
    folder,
    server: (name) => startMillrace(join(folder, name), { env: { MILLRACE_DATABASE: database, MILLRACE_ARTIFACTS: join(folder, "artifacts") } }),
    auditBreaks: async () => {
      const db = await openTestDatabase(shared);
      onTestFinished(() => db.destroy());
      return verifyAudit(db.withTables<AuditTables>());
    },
  };
}

// Answers are read deep; their shape is what is checked.
// eslint-disable-next-line typescript/no-explicit-any
type Answer = any;

const mlflow = async (server: { readonly url: string }, path: string, body?: object): Promise<Answer> => {
  const answer = await fetch(`${server.url}/api/2.0/mlflow/${path}`, body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
  return answer.json();
};

const world: World = { baseDays: 20, liveDays: 2, target: (x, group) => usual(x, group) };

test("two servers started at once see each other's writes; what both write at once is all there, also when one is killed", async () => {
  const { server } = await openPlace();
  const [one, other] = await Promise.all([server("one"), server("other")]);
  const both = [one, other];
  const ids = await Promise.all(Array.from({ length: 40 }, async (_, index) => (await mlflow(both[index % 2], "experiments/create", { name: `e${index}` })).experiment_id as string));
  expect(ids.map(Number).toSorted((a, b) => a - b)).toEqual(Array.from({ length: 40 }, (_, index) => index + 1));
  for (const [index, id] of ids.entries()) expect((await mlflow(both[(index + 1) % 2], `experiments/get?experiment_id=${id}`)).experiment.name).toBe(`e${index}`);

  const { run_id: run } = (await mlflow(one, "runs/create", { experiment_id: ids[0], start_time: 1 })).run.info;
  const acknowledged = new Set<number>();
  const log = async (to: RunningServer, step: number): Promise<void> => {
    await mlflow(to, "runs/log-metric", { run_id: run, key: "m", value: step, timestamp: 1, step });
    acknowledged.add(step);
  };
  let killed: Promise<void> | undefined;
  await Promise.all(
    both.map(async (to, index) => {
      for (let step = index; step < 400; step += 2) {
        const logged = log(to, step);
        if (step === 200) killed = one.kill();
        if (!(await logged.then(() => true, () => false))) break;
      }
    }),
  );
  await killed;
  expect(acknowledged.size).toBeGreaterThan(200);
  const { metrics } = await mlflow(other, `metrics/get-history?run_id=${run}&metric_key=m`);
  const steps = new Set((metrics as { step: number }[]).map((metric) => metric.step));
  expect([...acknowledged].filter((step) => !steps.has(step))).toEqual([]);
  expect((await mlflow(other, `runs/get?run_id=${run}`)).run.data.metrics[0].value).toBe(399);
  expect((await mlflow(other, "experiments/create", { name: "after" })).experiment_id).toBe("41");
});

test("what one deploys the other's gateway serves, too; a run whose server is killed is taken over", async () => {
  const { folder, server, auditBreaks } = await openPlace();
  const file = await writeWorld(folder, world);
  const [one, other] = await Promise.all([server("one"), server("other")]);
  const first = await runProject(one.url, file, "first");
  expect([first.state, first.reason]).toEqual(["succeeded", null]);
  const endpoint = `${other.gateway}/v2/models/${first.model}`;
  await expect.poll(async () => (await fetch(endpoint)).status, { timeout: 15_000 }).toBe(200);

  // A turn that both are asked for is done once, and both say so.
  const [here, there] = [one, other].map((at) => client<OptimizationRoutes>(at.url, "optimization"));
  const { loop } = await here("GET /loops/:endpoint", { params: { endpoint: first.model } });
  for (const day of [1, 2, 3]) {
    const turns = await Promise.all([here, there].map((api) => api("POST /loops/:endpoint/ticks", { params: { endpoint: first.model }, body: { time: loop.startedAt + day * dayMs } })));
    expect(turns.map((turn) => turn.state)).toEqual(["done", "done"]);
  }

  const pipelines = client<PipelineRoutes>(other.url, "pipelines");
  const second = writeWorld(join(folder), { ...world, target: (x, group) => usual(x, group) + 5 }).then((changed) => runProject(one.url, changed, "second").catch(() => undefined));
  await expect
    .poll(async () => (await pipelines("GET /runs/:id", { params: { id: "second" } }).catch(() => undefined))?.steps.some((step) => step.id === "train" && step.state === "running"), { timeout: 60_000, interval: 10 })
    .toBe(true);
  await one.kill();
  await second;
  await expect.poll(async () => (await pipelines("GET /runs/:id", { params: { id: "second" } })).state, { timeout: 60_000 }).not.toBe("running");
  const run = await pipelines("GET /runs/:id", { params: { id: "second" } });
  expect([run.state, run.reason]).toEqual(["succeeded", null]);
  expect(await auditBreaks()).toBeUndefined();
});

test("a server with another artifact folder is refused", async () => {
  const { folder, server } = await openPlace();
  await server("one");
  const database = (await testDatabase(join(folder, "shared")))!;
  await expect(startMillrace(join(folder, "other"), { env: { MILLRACE_DATABASE: database } })).rejects.toThrow(/artifacts of this database are not in/);
});
