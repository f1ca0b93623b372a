import Type from "typebox";
import { route } from "../http/route.ts";
import { artifactRoutes } from "./artifact-routes.ts";
import { experimentRoutes } from "./experiment-routes.ts";
import { metricHistory } from "./history.ts";
import { assessRoutes } from "./traces/assess-routes.ts";
import { traceRoutes } from "./traces/trace-routes.ts";
import { runRoutes } from "./run-routes.ts";
import { runsTableRoutes } from "./runs-table-routes.ts";
import { listRuns, readLineage, readRun } from "./tracking.ts";
import type { Run } from "./types.ts";

export const trackingRoutes = {
  "GET /runs": route({
    summary: "Runs, newest first, with parameters, last metrics and tags",
    query: Type.Object({ experiment: Type.Optional(Type.String()), limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000 })) }),
    handle: async (house, { query }) => ({ runs: (await listRuns(house.db, query)).map(sayable) }),
  }),
  "GET /runs/:id": route({
    summary: "One run with its artifacts",
    params: Type.Object({ id: Type.String() }),
    handle: async (house, { params }) => sayable(await readRun(house.db, params.id)),
  }),
  "GET /runs/:id/metrics/:key": route({
    summary: "All stored points of one metric",
    params: Type.Object({ id: Type.String(), key: Type.String() }),
    handle: async (house, { params }) => ({ points: await metricHistory(house.db, params.id, params.key) }),
  }),
  "GET /lineage/:kind/:id": route({
    summary: "What a thing was made from and what was made from it",
    params: Type.Object({ kind: Type.String(), id: Type.String() }),
    handle: async (house, { params }) => ({ edges: await readLineage(house.db, params) }),
  }),
  ...traceRoutes,
  ...assessRoutes,
  ...experimentRoutes,
  ...runsTableRoutes,
  ...runRoutes,
  ...artifactRoutes,
};

export type TrackingRoutes = typeof trackingRoutes;

/** A run as JSON can say it, which has no NaN and no infinities: metrics that are not finite are left out. */
const sayable = <R extends Run>(run: R): R => ({ ...run, metrics: Object.fromEntries(Object.entries(run.metrics).filter(([, value]) => Number.isFinite(value))) });
