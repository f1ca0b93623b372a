import Type from "typebox";
import type { IngestOutput } from "../data/ingest-step.ts";
import { invalid, notFound } from "../errors.ts";
import type { Compared } from "../evaluation/evaluate-step.ts";
import { route } from "../http/route.ts";
import { readMonitor } from "../monitoring/monitoring.ts";
import { sightOf } from "../monitoring/performance/sight.ts";
import type { Project } from "../project/project.ts";
import { resolveAlias } from "../registry/aliases.ts";
import type { TrainedVersion } from "../registry/types.ts";
import { listVersions, readTrainedVersion, trained } from "../registry/versions.ts";
import { stepOutput, type House } from "../stage.ts";
import type { Holdout } from "../training/holdout.ts";
import type { TrainOutput } from "../training/train-step.ts";
import { requireRecipeKey } from "../training/recipes/recipe-key.ts";
import { adoptVersion } from "./adoption/adopt-version.ts";
import { backtestPipeline, promotionsPipeline } from "./backtest/backtest-pipeline.ts";
import { rollBackToCommit } from "./commit-rollback.ts";
import { tick } from "./loop.ts";
import { readLoop, whyResting } from "./loops.ts";
import { loopSums } from "./retrainings/loop-sums.ts";
import { retrainingsOf } from "./retrainings/retrainings-of.ts";
import { latestTick, listLoops, listRollouts, readDecisions } from "./store.ts";
import { hasCommand } from "./train-definition.ts";
import { firstRunPipeline } from "./training-pipeline.ts";

const endpoint = Type.Object({ endpoint: Type.String() });

export const optimizationRoutes = {
  "POST /runs": route({
    summary: "Walks a project's path once, from its table to a model that serves; answers at once with the pipeline run",
    body: Type.Object({
      project: Type.Unsafe<Project>(Type.Object({ model: Type.String() })),
      id: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
      recipe_key: Type.Optional(Type.String({ maxLength: 200, description: "The content of <home>/run/recipe.key; needed where the project has train.run" })),
      until: Type.Optional(Type.Enum(["gate", "register", "deploy"], { description: "How far: to the gate's verdict, to a version, or to the traffic, the usual" })),
      base: Type.Optional(Type.String({ description: "A run whose model is compared with, in the place of the champion" })),
    }),
    handle: async (house, { body: { project, id, recipe_key: key, until = "deploy", base } }) => {
      if (hasCommand(project)) await requireRecipeKey(house.settings.home, key);
      const runId = id ?? `${project.model}-${house.newId()}`;
      const champion = await resolveAlias(house.db, project.model, "champion");
      await house.pipelines.start(runId, firstRunPipeline(project, champion && trained(champion), { trigger: "manual", actor: "local", until, ...(base !== undefined && { base: await modelOfRun(house, base) }) }));
      return { run: runId };
    },
  }),
  "POST /models/:model/adopt": route({
    summary: "Gives a version that a client registered an evaluation, a reference, a deployment with a watch and, where the project says how it is trained, the loop; answers at once with the pipeline run",
    params: Type.Object({ model: Type.String() }),
    body: Type.Object(
      {
        project: Type.Unsafe<Project>(Type.Object({ model: Type.String() })),
        version: Type.Optional(Type.Integer({ minimum: 1 })),
        alias: Type.Optional(Type.String({ minLength: 1 })),
        python: Type.Optional(Type.String({ minLength: 1, description: "The interpreter that loads the model; the server's --python when absent" })),
        recipe_key: Type.Optional(Type.String({ maxLength: 200, description: "The content of <home>/run/recipe.key; needed where python is given, or the project has train.run" })),
      },
      { additionalProperties: false },
    ),
    handle: async (house, { params: { model }, body: { project, version, alias, python, recipe_key: key }, actor }) => {
      if (python !== undefined || hasCommand(project)) await requireRecipeKey(house.settings.home, key);
      return await adoptVersion(house, { model, ...(version !== undefined && { version }), ...(alias !== undefined && { alias }) }, { project: { ...project, model }, python: python ?? null, actor });
    },
  }),
  "POST /models/:model/rollback": route({
    summary: "Gives a model's endpoint back to the version that was made by a commit: traffic, alias `champion` and the end of a canary in one change; audited",
    params: Type.Object({ model: Type.String() }),
    body: Type.Object({ commit: Type.String({ description: "The commit, or at least four of its first digits" }), reason: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
    handle: async (house, { params: { model }, body: { commit, reason }, actor }) => rollBackToCommit(house, { model, commit, actor, reason }),
  }),
  "GET /loops": route({
    summary: "The loops that turn",
    handle: async (house) => ({ loops: await listLoops(house.db) }),
  }),
  "GET /loops/:endpoint": route({
    summary: "One loop: its settings, how far it has turned, its rollouts, what its retrainings brought and cost in all, when the next one may come, after how many labels and days its alarm sees a rise of the loss, and why it rests where its endpoint is not deployed",
    params: endpoint,
    handle: async (house, { params }) => {
      const loop = await readLoop(house, params.endpoint);
      const tick = (await latestTick(house.db, params.endpoint)) ?? null;
      const champion = await resolveAlias(house.db, params.endpoint, "champion");
      return {
        loop,
        tick,
        rollouts: await listRollouts(house.db, params.endpoint),
        resting: await whyResting(house, params.endpoint),
        sight: champion?.origin === "trained" ? ((await sightOf(house, await readMonitor(house.db, params.endpoint), champion.version)) ?? null) : null,
        sums: loopSums(loop, retrainingsOf(await readDecisions(house.db, params.endpoint)), tick?.time ?? loop.startedAt),
      };
    },
  }),
  "GET /loops/:endpoint/retrainings": route({
    summary: "Every retraining of a loop, oldest first: why it began, how each candidate did beside the champion, what is believed, and what came of it",
    params: endpoint,
    handle: async (house, { params }) => {
      await readLoop(house, params.endpoint);
      return { retrainings: retrainingsOf(await readDecisions(house.db, params.endpoint)) };
    },
  }),
  "GET /loops/:endpoint/decisions": route({
    summary: "Every decision of a loop, and why",
    params: endpoint,
    query: Type.Object({ from: Type.Optional(Type.Integer()) }),
    handle: async (house, { params, query }) => ({
      decisions: await readDecisions(house.db, params.endpoint, query.from === undefined ? {} : { from: query.from }),
    }),
  }),
  "POST /loops/:endpoint/backtests": route({
    summary: "Computes what never retraining and retraining every period would have achieved on the loop's source table",
    params: endpoint,
    body: Type.Object(
      {
        periods: Type.Integer({ minimum: 1, maximum: 10_000 }),
        period: Type.Integer({ minimum: 1, description: "Milliseconds" }),
        arrivals: Type.Optional(Type.String({ description: "The column that says when labels came" })),
        thorough: Type.Optional(Type.Boolean({ description: "Also models of recent stretches, and the schedule that is best in hindsight" })),
      },
      { additionalProperties: false },
    ),
    handle: async (house, { params, body: { periods, period, arrivals = null, thorough = false } }) => {
      const loop = await readLoop(house, params.endpoint);
      if (!loop.project.data.time) throw invalid("replay.no_time", "A backtest needs data.time, the column that says when a row happened");
      const runId = `${params.endpoint}-backtest-${periods}-${loop.startedAt}${thorough ? "-thorough" : ""}`;
      const first = loop.project.train.command ? await firstVersion(house, params.endpoint) : null;
      await house.pipelines.start(runId, backtestPipeline(loop, { periods, period, arrivals, thorough, recipe: first?.recipe ?? null }));
      return { run: runId };
    },
  }),
  "POST /loops/:endpoint/promotions": route({
    summary: "Compares each model that a loop promoted with the one it replaced, on the rows of its source in the window that followed; answers with the pipeline run",
    params: endpoint,
    handle: async (house, { params }) => {
      const loop = await readLoop(house, params.endpoint);
      if (!loop.project.data.time) throw invalid("replay.no_time", "Looking at what followed needs data.time, the column that says when a row happened");
      const promoted = (await listRollouts(house.db, params.endpoint)).filter(({ state }) => state === "promoted").toReversed();
      const version = (number: number) => readTrainedVersion(house.db, params.endpoint, number);
      const promotions = await Promise.all(promoted.map(async (one) => ({ time: one.decidedAt!, promoted: await version(one.challengerVersion), replaced: await version(one.championVersion) })));
      const runId = `${params.endpoint}-promotions-${loop.startedAt}-${promoted.at(-1)?.decidedAt ?? 0}`;
      await house.pipelines.start(runId, promotionsPipeline(loop, promotions));
      return { run: runId };
    },
  }),
  "POST /loops/:endpoint/ticks": route({
    summary: "Turns the loop once, at the given time (now when absent); answers when everything it started is done, or `running` after a minute (then ask again)",
    params: endpoint,
    body: Type.Object({ time: Type.Optional(Type.Integer()) }, { additionalProperties: false }),
    handle: async (house, { params, body }) => {
      const time = body.time ?? house.clock.now();
      const done = await within(tick(house, params.endpoint, time), longestAnswerMs);
      return { time, state: done ? ("done" as const) : ("running" as const), decisions: await readDecisions(house.db, params.endpoint, { from: time }) };
    },
  }),
};

export type OptimizationRoutes = typeof optimizationRoutes;

/** The model that a run trained, as others are compared with it. */
async function modelOfRun(house: House, id: string): Promise<Compared> {
  const run = await house.pipelines.read(id);
  const [trainedModel, table] = [stepOutput<TrainOutput>(run, "train"), stepOutput<IngestOutput>(run, "ingest")];
  const holdout = run.spec.steps.find((step) => step.id === "train")?.params["holdout"] as Holdout | undefined;
  if (!trainedModel || !table || !holdout) throw invalid("optimization.no_model_in_run", `The run ${id} has trained no model to compare with${run.reason === null ? "" : `: ${run.reason}`}`);
  return { version: 0, name: "the base", sha256: trainedModel.model.sha256, ...(trainedModel.model.python && { python: trainedModel.model.python }), signature: trainedModel.signature, until: trainedModel.until, split: { dataset: table.version, holdout } };
}

/** The oldest version of a loop's model that is there. */
async function firstVersion(house: House, model: string): Promise<TrainedVersion> {
  const versions = await listVersions(house.db, model);
  const oldest = versions.findLast(({ origin }) => origin === "trained");
  if (oldest) return trained(oldest);
  throw notFound("registry.version_not_found", `${model} has no version that was trained here`);
}

/** Clients give up on an answer that takes minutes, and a retraining may. */
const longestAnswerMs = 60_000;

/** Whether the work is done within a time; it goes on in any case. */
async function within(work: Promise<void>, ms: number): Promise<boolean> {
  const late = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => late.resolve(false), ms);
  try {
    return await Promise.race([work.then(() => true), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
