import Type from "typebox";
import { invalid } from "../errors.ts";
import { route } from "../http/route.ts";
import { readAudit } from "../storage/audit.ts";
import { placeVersion } from "./batch/place-version.ts";
import { rollBack } from "./rollback.ts";
import { deploy, deploymentStatus, deploymentStatuses, gatewayStatus, gatewayUrl, readDeployment, removeDeployment } from "./serving.ts";
import { settingsFields } from "./serving-settings.ts";
import { trafficFields } from "./traffic-rules.ts";

const endpoint = Type.Object({ endpoint: Type.String() });

export const servingRoutes = {
  "GET /gateway": route({
    summary: "Where the gateway answers and how its prediction log stands",
    handle: async (house) => ({ url: gatewayUrl(house), ...(await gatewayStatus(house)) }),
  }),
  "POST /models/:model/place": route({
    summary: "Brings the files of a version (by number, by alias, or the one that answers) to where they are loaded from on this machine",
    params: Type.Object({ model: Type.String() }),
    body: Type.Object({ version: Type.Optional(Type.Integer({ minimum: 1 })), alias: Type.Optional(Type.String({ minLength: 1 })) }, { additionalProperties: false }),
    handle: async (house, { params, body }) => placeVersion(house, { ...params, ...body }),
  }),
  "GET /deployments": route({
    summary: "All deployments with their traffic split and live traffic",
    handle: async (house) => ({ deployments: await deploymentStatuses(house) }),
  }),
  "GET /deployments/:endpoint": route({
    summary: "One deployment with its live traffic",
    params: endpoint,
    handle: async (house, { params }) => deploymentStatus(house, params.endpoint),
  }),
  "GET /deployments/:endpoint/history": route({
    summary: "Every change of a deployment: who, when, why",
    params: endpoint,
    handle: async (house, { params }) => ({ entries: await readAudit(house.db, { object: `deployment/${params.endpoint}` }) }),
  }),
  "PUT /deployments/:endpoint": route({
    summary: "Sets who answers, and how: variants with their share of the traffic, rules, fallback, stickiness, batching, log, pinned, unknownInputs (absent: as before; null: removed); one call, atomic, audited",
    params: endpoint,
    body: Type.Object(
      {
        reason: Type.String({ minLength: 1 }),
        variants: Type.Optional(Type.Array(
          Type.Object(
            {
              name: Type.String({ minLength: 1 }),
              version: Type.Integer({ minimum: 1 }),
              weight: Type.Number({ minimum: 0, maximum: 1 }),
              shadow: Type.Optional(Type.Boolean()),
            },
            { additionalProperties: false },
          ),
          { minItems: 1 },
        )),
        ...trafficFields,
        ...settingsFields,
      },
      { additionalProperties: false },
    ),
    handle: async (house, { params, body, actor }) => {
      const { variants, rules, fallback, sticky, batching, log, pinned, unknownInputs } = body;
      const names = new Set(variants?.map((variant) => variant.name));
      if (variants && names.size < variants.length) throw invalid("serving.duplicate_variant", "Two variants have the same name");
      await deploy(house, {
        endpoint: params.endpoint,
        // Kept, so that a change of shares sends no user of a share that grows elsewhere.
        salt: (await readDeployment(house, params.endpoint))?.salt ?? house.newId(),
        traffic: { ...(rules !== undefined && { rules }), ...(fallback !== undefined && { fallback }), ...(sticky !== undefined && { sticky }) },
        settings: { batching, log, pinned, unknownInputs },
        ...(variants && { variants: variants.map((variant) => ({ ...variant, shadow: variant.shadow ?? false })) }),
        time: house.clock.now(),
        actor,
        reason: body.reason,
      });
      return deploymentStatus(house, params.endpoint);
    },
  }),
  "POST /deployments/:endpoint/remove": route({
    summary: "Takes a deployment away: nobody answers for the endpoint any more; versions, history and prediction log stay; audited",
    params: endpoint,
    body: Type.Object({ reason: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
    handle: async (house, { params, body, actor }) => {
      await removeDeployment(house, { endpoint: params.endpoint, actor, reason: body.reason });
      return { removed: params.endpoint };
    },
  }),
  "POST /deployments/:endpoint/rollback": route({
    summary: "Gives an endpoint back to the variants that answered before the last change; one call, atomic, audited",
    params: endpoint,
    body: Type.Object({ reason: Type.String({ minLength: 1 }) }, { additionalProperties: false }),
    handle: async (house, { params, body, actor }) => {
      await rollBack(house, { endpoint: params.endpoint, actor, reason: body.reason });
      return deploymentStatus(house, params.endpoint);
    },
  }),
};

export type ServingRoutes = typeof servingRoutes;
