import Type from "typebox";
import { raw, route } from "../http/route.ts";
import { writeTogether } from "../storage/group-commit.ts";
import { announceRun } from "./changes.ts";
import { columnsOfRuns } from "./columns.ts";
import { edit } from "./edit.ts";
import { deleteRunTag, setRunTags } from "./log-batch.ts";
import { summarizeMetrics } from "./metric-summaries.ts";
import { sayableNumber } from "./metric-value.ts";
import { readManyRuns, readRunDetails, type RunDetails } from "./run-details.ts";
import { streamRun } from "./run-stream.ts";
import { idsOfRuns, pageOfRuns } from "./run-table.ts";
import { forgetViews } from "./run-views.ts";
import { updateRun } from "./runs.ts";
import { readSeries } from "./series.ts";
import { summingOf } from "./sums/fill-sums.ts";

const byId = Type.Object({ id: Type.String() });

export const runRoutes = {
  "GET /runs/:id/details": route({
    summary: "One run with params, tags, latest metrics, datasets and models",
    params: byId,
    handle: async (house, { params }) => sayableDetails(await readRunDetails(house.db, params.id)),
  }),
  "PATCH /runs/:id": route({
    summary: "Renames a run, sets its tags (its description is the tag mlflow.note.content, in Markdown) or takes them away with null",
    params: byId,
    body: edit,
    handle: async (house, { params, body }) => {
      const changes = Object.entries(body.tags ?? {});
      await writeTogether(house.db, async (transaction) => {
        await updateRun(transaction, params.id, { name: body.name });
        await setRunTags(transaction, params.id, new Map(changes.flatMap(([key, value]) => (value === null ? [] : [[key, value]]))));
        const { tags } = await readRunDetails(transaction, params.id);
        for (const [key, value] of changes) if (value === null && tags.some((tag) => tag.key === key)) await deleteRunTag(transaction, params.id, key);
      });
      forgetViews(house.db);
      await announceRun(house, params.id);
      return {};
    },
  }),
  "POST /runs/details": route({
    summary: "Several runs with params, tags, latest metrics, datasets and models, in the order asked for; those that are not there are left out",
    body: Type.Object({ runs: Type.Array(Type.String(), { minItems: 1, maxItems: 100 }) }),
    handle: async (house, { body }) => ({ runs: (await readManyRuns(house.db, body.runs)).map(sayableDetails) }),
  }),
  "GET /runs/:id/metrics": route({
    summary: "The metrics of a run: the latest value, the least and the greatest and the step each was reached at, and how many points are stored",
    params: byId,
    handle: async (house, { params }) => ({ metrics: await summarizeMetrics(house.db, params.id) }),
  }),
  "GET /runs/:id/series": route({
    summary: "One metric over a range of steps or times: every stored point when they are few, else buckets with the least, the greatest and the mean value",
    params: byId,
    query: Type.Object({
      key: Type.String(),
      axis: Type.Optional(Type.Union([Type.Literal("step"), Type.Literal("time")])),
      from: Type.Optional(Type.Number()),
      to: Type.Optional(Type.Number()),
      buckets: Type.Optional(Type.Integer({ minimum: 10, maximum: 5000 })),
    }),
    handle: async (house, { params, query }) => {
      summingOf(house)?.due(params.id, query.key);
      return readSeries(house.db, params.id, query.key, { axis: query.axis ?? "step", from: query.from, to: query.to }, query.buckets ?? 1000);
    },
  }),
  "GET /runs/:id/children": route({
    summary: "The active runs nested below a run, newest first, at most 1000, with their metrics and params (at most 200 columns), and how many there are",
    params: byId,
    handle: async (house, { params }) => {
      const { experimentId } = await readRunDetails(house.db, params.id);
      const question = { experimentIds: [experimentId], lifecycle: "active", level: params.id } as const;
      const known = await columnsOfRuns(house.db, await idsOfRuns(house.db, question));
      const columns = [...known.metrics.map(({ key }) => `metrics.${key}`), ...known.params.map(({ key }) => `params.${key}`)].slice(0, 200);
      return { columns: known, ...(await pageOfRuns(house.db, question, { columns, offset: 0, limit: 1000 }, house.clock.now())) };
    },
  }),
  "GET /runs/:id/stream": route({
    summary: "What is logged to a run, while it is logged: server-sent events `ready`, `points`, `reload` and `run`",
    params: byId,
    handle: async (house, { params }) => {
      await readRunDetails(house.db, params.id);
      return raw("text/event-stream", await streamRun(house, params.id), { "cache-control": "no-store", "x-accel-buffering": "no" });
    },
  }),
};

/** Run details as JSON can say them. */
const sayableDetails = ({ metrics, ...run }: RunDetails) => ({ ...run, metrics: metrics.map((point) => ({ ...point, value: sayableNumber(point.value) })) });
