import { join } from "node:path";
import { describeError, MillraceError } from "../errors.ts";
import { readVersion } from "../registry/versions.ts";
import type { House } from "../stage.ts";
import { writeAtomically } from "../storage/atomic-file.ts";
import type { EndpointConfig, GatewayConfig } from "./gateway/config/config.ts";
import { sealed } from "./gateway/config/sealed.ts";
import { gatewayOf } from "./attached-gateway.ts";
import { placeModel } from "./place-model.ts";
import type { ServingSettings } from "./serving-settings.ts";
import { readDeployments } from "./store.ts";
import type { Deployment } from "./types.ts";

/** What came of telling the gateway what is deployed. */
export interface Applied {
  /** The revision that is served. */
  readonly revision: number;
  /** By endpoint: why it is not served as it is deployed. It goes on as it was, if it was served. */
  readonly refusals: ReadonlyMap<string, MillraceError>;
}

const applying = new WeakMap<House, Promise<unknown>>();

/**
 * Writes the gateway's configuration from the database and has the gateway load it; one after another, so that the newest is the last. What is wrong with
 * one deployment keeps no other from its changes, and comes back. Fails where the gateway does not answer, or does not understand.
 */
export function applyDeployments(house: House): Promise<Applied> {
  const applied = (applying.get(house) ?? Promise.resolve()).catch(() => undefined).then(() => applyNow(house));
  applying.set(house, applied);
  return applied;
}

async function applyNow(house: House): Promise<Applied> {
  const { revision, deployments } = await readDeployments(house.db);
  const refusals = new Map<string, MillraceError>();
  const placed = await Promise.all(
    deployments.map((deployment) =>
      endpointOf(house, deployment).catch((error: unknown) => {
        refusals.set(deployment.endpoint, error instanceof MillraceError ? error : new MillraceError("serving.not_placed", 500, `The models of ${deployment.endpoint} cannot be put where the gateway opens them: ${describeError(error)}`, { cause: error }));
        return undefined;
      }),
    ),
  );
  const config: GatewayConfig = { revision, endpoints: placed.filter((endpoint) => endpoint !== undefined), withheld: Object.fromEntries([...refusals].map(([endpoint, { message }]) => [endpoint, message])) };
  await writeAtomically(join(house.settings.home, "gateway"), "config.json", sealed(config));
  const status = await gatewayOf(house).call("reload");
  if (status.revision !== revision) {
    throw new MillraceError("serving.gateway_behind", 500, `The gateway serves revision ${status.revision}, not ${revision}, after a reload`);
  }
  for (const [endpoint, refusal] of Object.entries(status.refusals ?? {})) {
    if (!refusals.has(endpoint)) refusals.set(endpoint, new MillraceError("serving.gateway_refused", refusal.status === 507 ? 507 : 500, `The gateway cannot serve ${endpoint} so: ${refusal.message}`));
  }
  return { revision, refusals };
}

async function endpointOf(house: House, { endpoint, salt, traffic, settings, variants }: Deployment): Promise<EndpointConfig> {
  return {
    name: endpoint,
    salt,
    ...traffic,
    ...(settings.log && { log: settings.log }),
    ...(settings.unknownInputs && { unknownInputs: settings.unknownInputs }),
    variants: await Promise.all(
      variants.map(async (variant) => ({
        name: variant.name,
        version: String(variant.version),
        ...(await placeModel(house, await readVersion(house.db, endpoint, variant.version))),
        ...held(settings),
        weight: variant.weight,
        shadow: variant.shadow,
      })),
    ),
  };
}

/** The settings that belong to each model of a deployment. */
const held = ({ batching, pinned }: ServingSettings) => ({ ...(batching && { batching }), ...(pinned !== undefined && { pinned }) });
