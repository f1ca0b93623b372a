import Type from "typebox";
import { day } from "../clock.ts";
import { invalid } from "../errors.ts";
import { route } from "../http/route.ts";
import { resolveAlias } from "../registry/aliases.ts";
import { readRemoval } from "../serving/serving.ts";
import { readTime } from "../values/read-cell.ts";
import { badLabels, labelReader } from "./label-values.ts";
import { addLabels, labelHistory } from "./labels.ts";
import { countMatched, countMet } from "./match-labels.ts";
import { driftReports, errorWindows, listMonitors, readMonitor, readReference } from "./monitoring.ts";
import { trafficOf } from "./traffic.ts";
import { unreadableFiles } from "./unreadable-files.ts";
import { windowRevisions } from "./windows/revisions.ts";

const endpoint = Type.Object({ endpoint: Type.String() });

/** A time of a label, milliseconds. */
function timeOf(given: number | string, requestId: string, what: string): number {
  const time = readTime(given, { type: "timestamp" });
  if (time !== undefined && !Number.isNaN(time)) return time;
  throw invalid("monitoring.bad_time", `The label of request ${requestId} ${what} at ${JSON.stringify(given)}, which is no time; give milliseconds since 1970, or ISO 8601. Nothing was stored`);
}

export const monitoringRoutes = {
  "GET /monitors": route({
    summary: "The endpoints that are watched, and how, and which of them are deployed no more",
    handle: async (house) => {
      const monitors = await listMonitors(house.db);
      return { monitors: await Promise.all(monitors.map(async (config) => ({ ...config, removed: await readRemoval(house, config.endpoint) }))) };
    },
  }),
  "GET /monitors/:endpoint": route({
    summary: "How an endpoint is watched, when and why its deployment was removed, if it was, and which files of its prediction log cannot be read and are left out",
    params: endpoint,
    handle: async (house, { params }) => ({
      config: await readMonitor(house.db, params.endpoint),
      removed: await readRemoval(house, params.endpoint),
      unreadable: await unreadableFiles(house, params.endpoint),
    }),
  }),
  "POST /monitors/:endpoint/labels": route({
    summary: "Ground truth for predictions made: by request id; the sender's newest word for a row holds. Durable when this answers, which says how many met a prediction, of how many the request id has several with other rows, how many corrected an earlier value and how many a newer word holds against",
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
              /** When the sender saw or wrote it, likewise: of several words for a row the newest by this time holds, in whatever order they come; `arrived_at` when absent. */
              observed_at: Type.Optional(Type.Union([Type.Number(), Type.String()])),
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
      const labels = body.labels.map((one) => {
        const arrivedAt = one.arrived_at === undefined ? now : timeOf(one.arrived_at, one.request_id, "arrived");
        const observedAt = one.observed_at === undefined ? arrivedAt : timeOf(one.observed_at, one.request_id, "was observed");
        return { requestId: one.request_id, rowIndex: one.row_index ?? 0, label: one.label, value: reader.read(one.label), arrivedAt, observedAt };
      });
      const wrong = labels.filter(({ value }) => value === undefined);
      if (wrong.length > 0) throw badLabels(wrong, reader);
      const early = labels.find(({ arrivedAt, observedAt }) => observedAt > arrivedAt + day);
      if (early) {
        throw invalid("monitoring.bad_time", `The label of request ${early.requestId} was observed at ${new Date(early.observedAt).toISOString()}, after it arrived (${new Date(early.arrivedAt).toISOString()}); a time so far ahead would hold against every later correction. Nothing was stored`);
      }
      const { corrected, superseded } = await addLabels(house.db, params.endpoint, labels.map(({ requestId, rowIndex, value, arrivedAt, observedAt }) => ({ requestId, rowIndex, value: value!, arrivedAt, observedAt })));
      const stored = { stored: labels.length, corrected, superseded };
      if (query.match === false) return stored;
      const { matched, ambiguous } = await countMet(house, params.endpoint, labels);
      return { ...stored, matched, waiting: labels.length - matched - ambiguous, ambiguous };
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
  "GET /monitors/:endpoint/labels/:request": route({
    summary: "Every word that came for a request's labels: the one that holds first, then those that it was held against",
    params: Type.Object({ endpoint: Type.String(), request: Type.String() }),
    handle: async (house, { params }) => {
      await readMonitor(house.db, params.endpoint);
      return { words: await labelHistory(house.db, params.endpoint, params.request) };
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
  "GET /endpoints/:endpoint/traffic": route({
    summary: "Requests, errors and latency of an endpoint over time, by version and variant, of the last days that have any: from its prediction log, so it outlives the gateway",
    params: endpoint,
    query: Type.Object({ days: Type.Integer({ minimum: 1, maximum: 1000, default: 30 }) }),
    handle: (house, { params, query }) => trafficOf(house, params.endpoint, query.days),
  }),
  "GET /monitors/:endpoint/revisions": route({
    summary: "Windows of live error that were computed and became others since: what each was and is, since which turn, and why; the latest first",
    params: endpoint,
    query: Type.Object({ from: Type.Optional(Type.Integer()), until: Type.Optional(Type.Integer()), limit: Type.Optional(Type.Integer({ minimum: 1 })) }),
    handle: async (house, { params, query }) => {
      const config = await readMonitor(house.db, params.endpoint);
      return { config, revisions: await windowRevisions(house.db, config, query) };
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
