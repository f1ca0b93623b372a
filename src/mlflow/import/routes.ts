import Type from "typebox";
import { route } from "../../http/route.ts";
import { importModel } from "../../registry/import-model.ts";
import { writeTogether } from "../../storage/group-commit.ts";
import { announceMetrics } from "../../tracking/changes.ts";
import { importExperiment, importLoggedModel } from "../../tracking/import-experiment.ts";
import { countKept, endImport, importPoints, importRun, isBegunRun } from "../../tracking/import-run.ts";
import { readLoggedModels } from "../../tracking/logged-models.ts";
import { readManyRuns } from "../../tracking/run-details.ts";
import type { MetricPoint } from "../../tracking/types.ts";
import { loggedModelDigest, runDigest } from "./digest.ts";
import { experimentSchema, loggedModelSchema, numberSaid, registeredModelSchema, runSchema, seriesSchema, type SeriesMessage } from "./import-schema.ts";

/** `new`: not there. `same`, `other`: there, with this content or another. `begun`: an import of it ended before its end. */
export type Presence = "new" | "same" | "other" | "begun";

const digests = Type.Array(Type.Object({ id: Type.String(), digest: Type.String() }), { maxItems: 1000 });

const pointsOf = (series: SeriesMessage): MetricPoint[] =>
  series.flatMap(({ key, steps, times, values }) => values.map((value, index) => ({ key, value: numberSaid(value), step: steps[index], time: times[index] })));

export const importRoutes = {
  "POST /import/presence": route({
    summary: "Which of these runs and logged models are here already, with the same content or another",
    body: Type.Object({ runs: Type.Optional(digests), loggedModels: Type.Optional(digests) }),
    handle: async (house, { body }) => {
      const presence: Record<string, Presence> = {};
      const asked = new Map([...(body.runs ?? []), ...(body.loggedModels ?? [])].map(({ id, digest }) => [id, digest]));
      for (const id of asked.keys()) presence[id] = "new";
      for (const run of await readManyRuns(house.db, (body.runs ?? []).map(({ id }) => id))) {
        presence[run.id] = isBegunRun(run) ? "begun" : runDigest(run, run.metrics) === asked.get(run.id) ? "same" : "other";
      }
      for (const model of await readLoggedModels(house.db, (body.loggedModels ?? []).map(({ id }) => id))) {
        presence[model.id] = loggedModelDigest(model) === asked.get(model.id) ? "same" : "other";
      }
      return { presence };
    },
  }),
  "POST /import/experiments": route({
    summary: "An experiment to import runs into: the one of this name, or a new one with its id where that is free",
    body: experimentSchema,
    handle: (house, { body }) => writeTogether(house.db, (transaction) => importExperiment(transaction, body, house.settings.artifactRoot)),
  }),
  "POST /import/runs": route({
    summary: "A run with its id, times and points, written whole; with `more`, hidden until its last points have come",
    body: Type.Object({ run: runSchema, series: seriesSchema, more: Type.Boolean() }),
    handle: async (house, { body }) => {
      await writeTogether(house.db, (transaction) => importRun(transaction, body.run, pointsOf(body.series), { more: body.more }));
      await announceMetrics(house, body.run.id, pointsOf(body.series));
      return body.more ? {} : { points: (await countKept(house.db, [body.run.id])).points };
    },
  }),
  "POST /import/runs/:id/points": route({
    summary: "More points of a run whose import has begun; the last ones show it",
    params: Type.Object({ id: Type.String() }),
    body: Type.Object({ run: runSchema, series: seriesSchema, more: Type.Boolean() }),
    handle: async (house, { params, body }) => {
      await writeTogether(house.db, async (transaction) => {
        await importPoints(transaction, params.id, pointsOf(body.series));
        if (!body.more) await endImport(transaction, { ...body.run, id: params.id });
      });
      await announceMetrics(house, params.id, pointsOf(body.series));
      return body.more ? {} : { points: (await countKept(house.db, [params.id])).points };
    },
  }),
  "POST /import/logged-models": route({
    summary: "A logged model with its id and times",
    body: loggedModelSchema,
    handle: async (house, { body }) => {
      const model = { ...body, metrics: body.metrics.map((metric) => ({ ...metric, value: numberSaid(metric.value) })) };
      return { written: await writeTogether(house.db, (transaction) => importLoggedModel(transaction, model)) };
    },
  }),
  "POST /import/registered-models": route({
    summary: "A registered model with its versions, their numbers and times; what is here already is left",
    body: Type.Object({ model: registeredModelSchema, reason: Type.String() }),
    handle: (house, { body, actor }) => writeTogether(house.db, (transaction) => importModel(transaction, body.model, { time: house.clock.now(), actor, reason: body.reason })),
  }),
  "POST /import/counts": route({
    summary: "How many points and artifacts these runs and logged models have here",
    body: Type.Object({ ids: Type.Array(Type.String(), { maxItems: 1000 }) }),
    handle: (house, { body }) => countKept(house.db, body.ids),
  }),
};

export type ImportRoutes = typeof importRoutes;
