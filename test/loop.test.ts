import { join } from "node:path";
import { expect, test } from "vitest";
import type { DataRoutes } from "../src/data/routes.ts";
import { client } from "../src/http/client.ts";
import type { CommandContext } from "../src/cli/command.ts";
import { monitoringCommands } from "../src/monitoring/commands.ts";
import type { MonitoringRoutes } from "../src/monitoring/routes.ts";
import { optimizationCommands } from "../src/optimization/commands.ts";
import type { LoopSums } from "../src/optimization/retrainings/loop-sums.ts";
import type { Retraining } from "../src/optimization/retrainings/types.ts";
import type { Choice } from "../src/optimization/candidates/choose-step.ts";
import type { Sight } from "../src/monitoring/performance/sight.ts";
import type { OptimizationRoutes } from "../src/optimization/routes.ts";
import type { RegistryRoutes } from "../src/registry/routes.ts";
import type { ServingRoutes } from "../src/serving/routes.ts";
import type { PipelineRoutes } from "../src/pipelines/routes.ts";
import { dayMs, liveStart, perDay, replayWorld, storyOf, usual, writeWorld, type World } from "./daily-world.ts";
import { runProject, startMillrace } from "./running-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

async function live(world: World) {
  const folder = await temporaryFolder();
  const file = await writeWorld(folder, world);
  const { url, gateway } = await startMillrace(join(folder, "home"));
  const first = await runProject(url, file, "first");
  expect(first.reason).toBeNull();
  const deployment = async (): Promise<number[]> =>
    (await client<ServingRoutes>(url, "serving")("GET /deployments/:endpoint", { params: { endpoint: "world" } })).variants.map((variant) => variant.weight);
  await replayWorld(url, gateway);
  return { url, deployment, story: await storyOf(url) };
}

test("the world changes: alarm, retraining, gate, canary of 10 %, promotion; and no label is used before it arrives", async () => {
  const world: World = { baseDays: 20, liveDays: 14, moved: (day) => (day < 4 ? 0 : 10), target: (x, group) => usual(Math.min(x, 10), group) - 12 * Math.max(0, x - 10) };
  const { url, story, deployment } = await live(world);
  const kinds = story.decisions.map((decision) => decision.kind);
  expect(kinds.slice(0, 3)).toEqual(["alarm", "canary_started", "promoted"]);
  expect(kinds).not.toContain("retraining_failed");
  const [alarm, canary, promoted] = story.decisions;
  // The first changed day is day 4; its last label arrives at the end of day 5.
  expect(alarm.time).toBe(liveStart(world) + 6 * dayMs);
  expect(alarm.reason).toMatch(/^the absolute error of version 1 has risen from [\d.]+ to [\d.]+ since 2024-01-25, over 24 labels \([\d.]+ standard errors of its own spread\)$/);
  expect(canary).toMatchObject({ time: alarm.time, evidence: { champion: 1, challenger: 2, share: 0.1 }, pipelineRunId: alarm.pipelineRunId });
  expect(promoted.reason).toMatch(/^live rmse of version 2 was [\d.]+ against [\d.]+ of version 1 on the same \d+ labelled requests since .*: version 2 takes all traffic$/);
  expect(Number(promoted.evidence["labels"])).toBeGreaterThanOrEqual(24);
  expect(Number(promoted.evidence["low"])).toBeGreaterThan(0);
  expect(await deployment()).toEqual([1]);

  // The retraining walked through the whole pipeline, gate included.
  const run = await client<PipelineRoutes>(url, "pipelines")("GET /runs/:id", { params: { id: alarm.pipelineRunId! } });
  expect(run.steps.map((step) => [step.id, step.state])).toEqual(
    ["feedback", "append", "validate", "dataset", "train", "evaluate", "record", "gate", "refit", "reference", "register", "canary"].map((id) => [id, "succeeded"]),
  );
  const versions = (await client<RegistryRoutes>(url, "registry")("GET /models/:name/versions", { params: { name: "world" } })).versions;
  expect(versions.find((version) => version.aliases.includes("champion"))!.version).toBeGreaterThan(1);

  // During the canary both versions score every request, and clients get about a tenth from the challenger.
  const { windows } = await client<MonitoringRoutes>(url, "monitoring")("GET /monitors/:endpoint/errors", { params: { endpoint: "world" }, query: { from: canary.time, until: promoted.time } });
  const during = windows.filter((window) => window.start === canary.time);
  expect(during.map((window) => [window.variant, window.sums.n])).toEqual([["challenger", perDay], ["champion", perDay], ["served", perDay]]);

  // Every retraining learnt from the base and from the labels that had arrived by then, no more and no less.
  const data = client<DataRoutes>(url, "data");
  const known = (await data("GET /versions", { query: {} })).versions.map((version) => version.rows).sort((a, b) => a - b);
  const base = world.baseDays * perDay;
  const alarms = story.decisions.filter((decision) => decision.kind === "alarm");
  // A label arrives a day after its event; the event on the stroke of the hour counts.
  const arrived = (time: number): number => Math.floor((time - dayMs - liveStart(world)) / (dayMs / perDay)) + 1;
  expect(known).toEqual([base, ...alarms.map((one) => base + arrived(one.time))]);
  const grown = (await data("GET /versions", { query: {} })).versions.find((version) => version.rows === known[1])!;
  const { rows } = await data("GET /versions/:id/rows", { params: { id: grown.id }, query: { limit: 1000 } });
  const latest = Math.max(...rows.map((row) => Date.parse(String(row["at"]))));
  expect(latest + dayMs).toBeLessThanOrEqual(alarm.time);

  // The loop healed: the error after the promotion is a small part of the error before.
  const { windows: served } = await client<MonitoringRoutes>(url, "monitoring")("GET /monitors/:endpoint/errors", { params: { endpoint: "world" }, query: { variant: "served" } });
  const rmse = served.map((window) => window.metrics["rmse"]);
  expect(served).toHaveLength(world.liveDays - 1);
  expect(Math.max(...rmse.slice(0, 4))).toBeLessThan(20);
  expect(rmse[4]).toBeGreaterThan(50);
  expect(rmse.at(-1)).toBeLessThan(rmse[4] / 2);
});

test("two odd days raise the alarm: a model of them alone would fail when they pass, so that one of all rows is tried, and takes over when it is better live", async () => {
  // From day 2 on the numbers lie where the champion has not been, and, the two odd days apart, the target there is what it says.
  const world: World = { baseDays: 20, liveDays: 9, moved: (day) => (day < 2 ? 0 : 10), target: (x, group, day) => usual(Math.min(x, 10), group) - (day === 2 || day === 3 ? 12 * Math.max(0, x - 10) : 0) };
  const { url, story, deployment } = await live(world);
  const [alarm, canary, verdict] = story.decisions;
  expect([alarm?.kind, canary?.kind, verdict?.kind]).toEqual(["alarm", "canary_started", "promoted"]);
  const candidates = canary.evidence["candidates"] as Choice["candidates"];
  const [all, since] = ["all rows", "since the change"].map((name) => candidates.find((one) => one.name === name)!);
  expect(candidates[0]).toEqual(all);
  expect(since.difference!.mean).toBeGreaterThan(all.difference!.mean);
  expect(since.before!.mean).toBeLessThan(-1000);
  expect(Number(verdict.evidence["challengerLoss"])).toBeLessThan(Number(verdict.evidence["championLoss"]));
  expect(await deployment()).toEqual([1]);
  const champion = (await client<RegistryRoutes>(url, "registry")("GET /models")).models[0].aliases;
  expect(champion).not.toHaveProperty("challenger");
});

test("a challenger that is worse live than on the rows it was chosen by is rolled back", async () => {
  // On days 2 and 3 the target is another one, then it is as before.
  const world: World = { baseDays: 20, liveDays: 8, target: (x, group, day) => usual(x, group) - (day === 2 || day === 3 ? 80 : 0) };
  const { url, story, deployment } = await live(world);
  const rolledBack = story.decisions.find(({ kind }) => kind === "rolled_back")!;
  expect(rolledBack.reason).toMatch(/version 2 is rolled back$/);
  expect(Number(rolledBack.evidence["difference"])).toBeLessThan(0);
  expect(await deployment()).toEqual([1]);
  const { rollouts } = await client<OptimizationRoutes>(url, "optimization")("GET /loops/:endpoint", { params: { endpoint: "world" } });
  expect(rollouts.at(-1)).toMatchObject({ state: "rolled_back", championVersion: 1, challengerVersion: 2 });

  // `millrace loops show` tells the retraining: why, the candidates, what came of it, and the sums.
  const show = optimizationCommands.find(({ name }) => name === "show")!;
  const shown = async (most: number) => show.run({ server: async () => url } as CommandContext, ["world"], { retrainings: most });
  const { data, text } = await shown(8);
  const { sums, retrainings } = data as { sums: LoopSums; retrainings: Retraining[] };
  expect(sums).toMatchObject({ retrainings: retrainings.length, broughtNothing: 1, paid: retrainings.length * sums.cost, fitsUnknown: 0 });
  const [{ outcome, atOnce, comparison, sureness, worth }] = retrainings;
  expect([outcome, atOnce, worth !== null]).toEqual(["rolled_back", false, true]);
  expect(comparison!.candidates.map(({ name }) => name)).toEqual(expect.arrayContaining(["all rows", "since the change"]));
  expect(sureness).toBeLessThan(0.5);
  expect(sums.fits).toBe(retrainings.reduce((sum, one) => sum + one.comparison!.fits!, 0));
  expect(text).toMatch(/^world is watched since 2024-[^]*brought nothing; \d+ models trained to compare\n[^]*performance .* rolled back[^]*began because the absolute error of version 1 has risen[^]*\(best\)/);
  // What it can see follows from the spread of its errors, the rows a day of its table and the delay of labels.
  const { sight } = data as { sight: Sight };
  expect(sight).toMatchObject({ loss: "absolute error", rowsPerDay: expect.any(Number) as number });
  for (const { rise, labels } of sight.rises) expect(labels).toBe(Math.max(5, Math.ceil(((1 + rise) * Math.sqrt(2 * Math.log((0.23 * 365) / 0.1)) * sight.spread / rise) ** 2)));
  expect(text).toMatch(new RegExp(`a rise of the absolute error by 20 % is seen after about ${sight.rises[0].labels} labels`));
  await expect(shown(0)).rejects.toThrow("--retrainings takes a whole number from 1, not 0");
});

test("without a canary, what passes the gate takes all traffic at once", async () => {
  const world: World = { strategy: "immediate", baseDays: 20, liveDays: 9, moved: (day) => (day < 2 ? 0 : 10), target: (x, group) => usual(Math.min(x, 10), group) - 12 * Math.max(0, x - 10) };
  const { url, story, deployment } = await live(world);
  const [alarm, promoted] = story.decisions;
  expect([alarm?.kind, promoted?.kind]).toEqual(["alarm", "promoted"]);
  expect(promoted).toMatchObject({ time: alarm.time, pipelineRunId: alarm.pipelineRunId, evidence: { champion: 1, challenger: 2 } });
  expect(story.decisions.map((decision) => decision.kind)).not.toContain("canary_started");
  expect(await deployment()).toEqual([1]);
  const { rollouts } = await client<OptimizationRoutes>(url, "optimization")("GET /loops/:endpoint", { params: { endpoint: "world" } });
  expect(rollouts.at(-1)).toMatchObject({ state: "promoted", startedAt: alarm.time, decidedAt: alarm.time });
  const { retrainings } = await client<OptimizationRoutes>(url, "optimization")("GET /loops/:endpoint/retrainings", { params: { endpoint: "world" } });
  expect(retrainings[0]).toMatchObject({ outcome: "promoted", atOnce: true, comparison: { yardstick: promoted.evidence["labels"] } });
});

test("a loop whose deployment is removed during a canary gives that up, rests, says so, and goes on when a version is deployed again", async () => {
  const world: World = { baseDays: 20, liveDays: 7, moved: (day) => (day < 4 ? 0 : 10), target: (x, group) => usual(Math.min(x, 10), group) - 12 * Math.max(0, x - 10) };
  const { url, story } = await live(world);
  expect(story.decisions.at(-1)?.kind).toBe("canary_started");
  const params = { endpoint: "world" };
  const serving = client<ServingRoutes>(url, "serving");
  const optimization = client<OptimizationRoutes>(url, "optimization");
  await serving("POST /deployments/:endpoint/remove", { params, body: { reason: "nobody asks" } });
  const monitors = monitoringCommands.find(({ name }) => name === "show")!;
  const shown = async () => (await monitors.run({ server: async () => url } as CommandContext, ["world"], { windows: 14 })).text;
  expect(await shown()).toMatch(/^world is deployed no more: removed on \d{4}-\d\d-\d\d by .+ \(nobody asks\)\. .*\n\n\d+ labels/);
  const turn = async (days: number) => {
    await optimization("POST /loops/:endpoint/ticks", { params, body: { time: liveStart(world) + (world.liveDays + days) * dayMs } });
    return { ...(await optimization("GET /loops/:endpoint", { params })), ...(await optimization("GET /loops/:endpoint/decisions", { params, query: {} })) };
  };
  const rested = await turn(1);
  expect(rested.resting).toMatch(/^world is not deployed: .* until it is$/);
  expect(rested.rollouts[0].state).toBe("rolled_back");
  expect(rested.decisions.at(-1)).toMatchObject({ kind: "rolled_back", reason: "world is not deployed any more, so the canary of version 2 is over" });
  expect((await turn(40)).decisions).toHaveLength(rested.decisions.length);
  expect((await serving("GET /deployments")).deployments).toEqual([]);
  await serving("PUT /deployments/:endpoint", { params, body: { reason: "back", variants: [{ name: "champion", version: 1, weight: 1 }] } });
  expect((await turn(41)).resting).toBeNull();
  expect(await shown()).toMatch(/^\d+ labels/);
});
