import Type from "typebox";
import { notFound } from "../errors.ts";
import { raw, route } from "../http/route.ts";
import { metricHistory } from "./history.ts";
import { traceRoutes } from "./traces/trace-routes.ts";
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
  "GET /runs/:id/artifacts/*": route({
    summary: "The content of an artifact, sandboxed: an HTML artifact cannot run scripts or reach the API",
    params: Type.Object({ id: Type.String(), "*": Type.String() }),
    handle: async (house, { params }) => {
      const run = await readRun(house.db, params.id);
      const artifact = run.artifacts.find((one) => one.path === params["*"]);
      if (!artifact) {
        throw notFound("tracking.artifact_not_found", `Run ${params.id} has no artifact ${JSON.stringify(params["*"])}; it has ${run.artifacts.map((one) => one.path).join(", ") || "none"}`);
      }
      return raw(contentTypeOf(artifact.path), await house.blobs.get(artifact.sha256), {
        "content-security-policy": "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
        "x-content-type-options": "nosniff",
      });
    },
  }),
  "GET /lineage/:kind/:id": route({
    summary: "What a thing was made from and what was made from it",
    params: Type.Object({ kind: Type.String(), id: Type.String() }),
    handle: async (house, { params }) => ({ edges: await readLineage(house.db, params) }),
  }),
  ...traceRoutes,
};

export type TrackingRoutes = typeof trackingRoutes;

/** A run as JSON can say it, which has no NaN and no infinities: metrics that are not finite are left out. */
const sayable = <R extends Run>(run: R): R => ({ ...run, metrics: Object.fromEntries(Object.entries(run.metrics).filter(([, value]) => Number.isFinite(value))) });

const contentTypes: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  json: "application/json",
  txt: "text/plain; charset=utf-8",
  yaml: "text/plain; charset=utf-8",
};

const contentTypeOf = (path: string): string => contentTypes[path.split(".").at(-1) ?? ""] ?? "application/octet-stream";
