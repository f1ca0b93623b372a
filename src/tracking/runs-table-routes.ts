import Type, { type Static } from "typebox";
import { invalid } from "../errors.ts";
import { raw, route } from "../http/route.ts";
import { writeTogether } from "../storage/group-commit.ts";
import { announceRun } from "./changes.ts";
import { readExperiment } from "./experiments.ts";
import { pageOfRuns, type RunsQuestion } from "./run-table.ts";
import { forgetViews } from "./run-views.ts";
import { setRunLifecycle } from "./runs.ts";
import { runsAsCsv } from "./runs-csv.ts";

const lifecycle = Type.Optional(Type.Union([Type.Literal("active"), Type.Literal("deleted")]));
const byId = Type.Object({ id: Type.String() });

/** `sort` is a column, with a minus before it for the greatest first. */
const asked = Type.Object({ filter: Type.Optional(Type.String()), sort: Type.Optional(Type.String()), lifecycle, level: Type.Optional(Type.String()) });

const questionOf = (experiment: string, { filter, sort, lifecycle, level }: Static<typeof asked>): RunsQuestion => ({
  experimentIds: [experiment],
  lifecycle: lifecycle ?? "active",
  filter,
  ...(sort ? { sort: { column: sort.replace(/^-/, ""), descending: sort.startsWith("-") } } : {}),
  level: level ?? "all",
});

export const runsTableRoutes = {
  "POST /experiments/:id/runs": route({
    summary: "A page of an experiment's runs with the columns asked for: filtered by the search language, sorted by any column, nested or side by side",
    params: byId,
    body: Type.Intersect([
      asked,
      Type.Object({
        columns: Type.Array(Type.String(), { maxItems: 5000 }),
        offset: Type.Integer({ minimum: 0 }),
        limit: Type.Integer({ minimum: 1, maximum: 1000 }),
      }),
    ]),
    handle: async (house, { params, body }) => {
      await readExperiment(house.db, params.id);
      return pageOfRuns(house.db, questionOf(params.id, body), body, house.clock.now());
    },
  }),
  "GET /experiments/:id/runs.csv": route({
    summary: "All runs that a filter finds as CSV, with the columns asked for (a JSON list of names)",
    params: byId,
    query: Type.Intersect([asked, Type.Object({ columns: Type.Optional(Type.String()) })]),
    handle: async (house, { params, query }) => {
      const { name } = await readExperiment(house.db, params.id);
      const columns = columnsOf(query.columns);
      return raw("text/csv; charset=utf-8", await runsAsCsv(house.db, questionOf(params.id, query), columns), {
        "content-disposition": `attachment; filename="runs.csv"; filename*=UTF-8''${encodeURIComponent(`${name}.csv`)}`,
      });
    },
  }),
  "POST /runs/lifecycle": route({
    summary: "Deletes or restores runs; what is deleted is hidden until it is restored",
    body: Type.Object({ runs: Type.Array(Type.String(), { minItems: 1, maxItems: 10_000 }), lifecycle: Type.Union([Type.Literal("active"), Type.Literal("deleted")]) }),
    handle: async (house, { body }) => {
      await writeTogether(house.db, async (transaction) => {
        for (const id of body.runs) await setRunLifecycle(transaction, id, body.lifecycle, house.clock.now());
      });
      forgetViews(house.db);
      for (const id of body.runs) await announceRun(house, id);
      return { runs: body.runs.length };
    },
  }),
};

function columnsOf(text: string | undefined): string[] {
  if (text === undefined || text === "") return [];
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    read = undefined;
  }
  if (Array.isArray(read) && read.every((one): one is string => typeof one === "string")) return read;
  throw invalid("tracking.bad_columns", `columns is a JSON list of names such as ["metrics.rmse"], got ${JSON.stringify(text)}`);
}
