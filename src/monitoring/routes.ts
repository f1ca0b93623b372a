import Type from "typebox";
import { invalid } from "../errors.ts";
import { route } from "../http/route.ts";
import { resolveAlias } from "../registry/aliases.ts";
import { addLabels } from "./labels.ts";
import { driftReports, errorWindows, listMonitors, readMonitor, readReference } from "./monitoring.ts";

const endpoint = Type.Object({ endpoint: Type.String() });

export const monitoringRoutes = {
  "GET /monitors": route({
    summary: "The endpoints that are watched, and how",
    handle: async (house) => ({ monitors: await listMonitors(house.db) }),
  }),
  "POST /monitors/:endpoint/labels": route({
    summary: "Ground truth for predictions made: by request id; durable when this answers",
    params: endpoint,
    body: Type.Object(
      {
        labels: Type.Array(
          Type.Object(
            {
              request_id: Type.String({ minLength: 1 }),
              row_index: Type.Optional(Type.Integer({ minimum: 0 })),
              label: Type.Union([Type.Number(), Type.String(), Type.Boolean()]),
              /** When it became known, milliseconds since the epoch; now when absent. */
              arrived_at: Type.Optional(Type.Integer()),
            },
            { additionalProperties: false },
          ),
          { minItems: 1, maxItems: 100_000 },
        ),
      },
      { additionalProperties: false },
    ),
    handle: async (house, { params, body }) => {
      const { task, target } = await readMonitor(house.db, params.endpoint);
      const wrong = body.labels.find(({ label }) => (typeof label === "string" && label.trim() === "") || (task === "regression" && !(typeof label !== "boolean" && Number.isFinite(Number(label)))));
      if (wrong) {
        throw invalid("monitoring.bad_label", `The label of request ${wrong.request_id} is ${JSON.stringify(wrong.label)}; ${target} is ${task === "regression" ? "a number" : "a class, which has a name"}; nothing was stored`, { request_id: wrong.request_id });
      }
      const now = house.clock.now();
      await addLabels(
        house.db,
        params.endpoint,
        body.labels.map((label) => ({ requestId: label.request_id, rowIndex: label.row_index ?? 0, value: String(label.label), arrivedAt: label.arrived_at ?? now })),
      );
      return { stored: body.labels.length };
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
