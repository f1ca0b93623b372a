import Type from "typebox";
import { invalid } from "../errors.ts";
import { route } from "../http/route.ts";
import { resolveAlias } from "../registry/aliases.ts";
import { readRemoval } from "../serving/serving.ts";
import { readTime } from "../values/read-cell.ts";
import { badLabels, labelReader } from "./label-values.ts";
import { addLabels } from "./labels.ts";
import { countMatched, countMet } from "./match-labels.ts";
import { driftReports, errorWindows, listMonitors, readMonitor, readReference } from "./monitoring.ts";

const endpoint = Type.Object({ endpoint: Type.String() });

export const monitoringRoutes = {
  "GET /monitors": route({
    summary: "The endpoints that are watched, and how, and which of them are deployed no more",
    handle: async (house) => {
      const monitors = await listMonitors(house.db);
      return { monitors: await Promise.all(monitors.map(async (config) => ({ ...config, removed: await readRemoval(house, config.endpoint) }))) };
    },
  }),
  "GET /monitors/:endpoint": route({
    summary: "How an endpoint is watched, and when and why its deployment was removed, if it was",
    params: endpoint,
    handle: async (house, { params }) => ({ config: await readMonitor(house.db, params.endpoint), removed: await readRemoval(house, params.endpoint) }),
  }),
  "POST /monitors/:endpoint/labels": route({
    summary: "Ground truth for predictions made: by request id; durable when this answers, which says how many met a prediction, and of how many the request id has several with other rows",
    params: endpoint,
    query: Type.Object({ match: Type.Optional(Type.Boolean({ description: "false: does not look for the predictions now" })) }),
    body: Type.Object(
      {
        labels: Type.Array(
          Type.Object(
            {
              request_id: Type.String({ minLength: 1 }),
              row_index: Type.Optional(Type.Integer({ minimum: 0 })),
              label: Type.Union([Type.Number(), Type.String(), Type.Boolean()]),
              /** When it became known: milliseconds since 1970 (seconds and microseconds are told apart), or ISO 8601; now when absent. */
              arrived_at: Type.Optional(Type.Union([Type.Number(), Type.String()])),
            },
            { additionalProperties: false },
          ),
          { minItems: 1, maxItems: 100_000 },
        ),
      },
      { additionalProperties: false },
    ),
    handle: async (house, { params, body, query }) => {
      const config = await readMonitor(house.db, params.endpoint);
      const reader = labelReader(config);
      const now = house.clock.now();
      const labels = body.labels.map(({ request_id: requestId, row_index: rowIndex = 0, label, arrived_at: arrivedAt }) => ({
        requestId,
        rowIndex,
        label,
        value: reader.read(label),
        arrivedAt: arrivedAt === undefined ? now : readTime(arrivedAt, { type: "timestamp" }),
      }));
      const wrong = labels.filter(({ value }) => value === undefined);
      if (wrong.length > 0) throw badLabels(wrong, reader);
      const late = labels.findIndex(({ arrivedAt }) => arrivedAt === undefined || Number.isNaN(arrivedAt));
      if (late >= 0) {
        throw invalid("monitoring.bad_time", `The label of request ${labels[late].requestId} arrived at ${JSON.stringify(body.labels[late].arrived_at)}, which is no time; give milliseconds since 1970, or ISO 8601. Nothing was stored`);
      }
      await addLabels(house.db, params.endpoint, labels.map(({ requestId, rowIndex, value, arrivedAt }) => ({ requestId, rowIndex, value: value!, arrivedAt: arrivedAt! })));
      if (query.match === false) return { stored: labels.length };
      const { matched, ambiguous } = await countMet(house, params.endpoint, labels);
      return { stored: labels.length, matched, waiting: labels.length - matched - ambiguous, ambiguous };
    },
  }),
  "GET /monitors/:endpoint/labels": route({
    summary: "How many labels there are, how many of them are of a prediction or of one of several with one request id, and since when the others wait for theirs",
    params: endpoint,
    handle: async (house, { params }) => {
      await readMonitor(house.db, params.endpoint);
      return await countMatched(house, params.endpoint, Number.MAX_SAFE_INTEGER);
    },
  }),
  "GET /monitors/:endpoint/errors": route({
    summary: "Live error per window: what clients got, and each variant",
    params: endpoint,
    query: Type.Object({ variant: Type.Optional(Type.String()), from: Type.Optional(Type.Integer()), until: Type.Optional(Type.Integer()) }),
    handle: async (house, { params, query }) => {
      const config = await readMonitor(house.db, params.endpoint);
      return { config, windows: await errorWindows(house.db, config, query) };
    },
  }),
  "GET /monitors/:endpoint/drift": route({
    summary: "Drift per window, feature by feature, and the champion's reference",
    params: endpoint,
    handle: async (house, { params }) => {
      const config = await readMonitor(house.db, params.endpoint);
      const champion = await resolveAlias(house.db, params.endpoint, "champion");
      return {
        config,
        reference: champion ? ((await readReference(house.db, params.endpoint, champion.version)) ?? null) : null,
        reports: await driftReports(house.db, params.endpoint),
      };
    },
  }),
};

export type MonitoringRoutes = typeof monitoringRoutes;
