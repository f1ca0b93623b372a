import { join } from "node:path";
import { invalid, MillraceError, notFound } from "../errors.ts";
import { holdVersions } from "../registry/aliases.ts";
import { readVersion } from "../registry/versions.ts";
import type { House } from "../stage.ts";
import { writeAtomically } from "../storage/atomic-file.ts";
import type { Database } from "../storage/database.ts";
import { transact } from "../storage/transactions.ts";
import type { GatewayConfig } from "./gateway/config/config.ts";
import type { GatewayStatus, GatewaySupervisor } from "./gateway-process.ts";
import { placeModel, servable } from "./place-model.ts";
import type { ServingSettings } from "./serving-settings.ts";
import { readDeployments, writeDeployment, type DeploymentChange } from "./store.ts";
import type { Deployment, DeploymentStatus, Variant } from "./types.ts";

const supervisors = new WeakMap<House, GatewaySupervisor>();

/** Hands the running gateway of this house to the verbs below. */
export const attachGateway = (house: House, supervisor: GatewaySupervisor): void => void supervisors.set(house, supervisor);

const gatewayOf = (house: House): GatewaySupervisor => {
  const supervisor = supervisors.get(house);
  if (!supervisor) throw new MillraceError("serving.no_gateway", 503, "This process runs no gateway; start one with `millrace up`");
  return supervisor;
};

/** Where the gateway answers. */
export const gatewayUrl = (house: House): string => gatewayOf(house).url();

/** The folder in which the gateway keeps an endpoint's prediction log, `<date>/*.parquet`. */
export const predictionFolder = (house: House, endpoint: string): string => join(house.settings.home, "predictions", encodeURIComponent(endpoint));

/**
 * Changes who answers for an endpoint, and how: `also` runs in the same transaction as the change, then the gateway is told and has loaded the
 * models when this returns. A crash in between is made good at the next start, when the gateway is told again. What the gateway refuses (a model
 * that does not load) is taken back, and fails with `serving.gateway_refused`; with `also` it stays, as what it did cannot be undone here.
 */
export async function deploy(house: House, change: DeploymentChange, also?: (transaction: Database) => Promise<void>): Promise<void> {
  if (change.variants) await checkVariants(house, change.endpoint, change.variants);
  const before = also ? undefined : await readDeployment(house, change.endpoint);
  const variants = await transact(house.db, async (transaction) => {
    const written = await writeDeployment(transaction, change);
    await holdDeployed(transaction, { endpoint: change.endpoint, variants: written });
    await also?.(transaction);
    return written;
  });
  try {
    await applyDeployments(house);
  } catch (error) {
    if (before && error instanceof MillraceError && error.code === "serving.gateway_refused") await takeBack(house, before, change);
    throw error;
  }
  await house.events.emit({
    name: "serving.deployment_changed",
    time: change.time,
    payload: { endpoint: change.endpoint, variants, reason: change.reason },
  });
}

/** Makes a deployment what it was before a change, unless somebody has changed it since. */
async function takeBack(house: House, before: Deployment, change: DeploymentChange): Promise<void> {
  const { endpoint, salt, variants } = before;
  const { rules = null, fallback = null, sticky = null } = before.traffic;
  const { batching = null, log = null, pinned = null, unknownInputs = null } = before.settings;
  await transact(house.db, async (transaction) => {
    const now = (await readDeployments(transaction)).deployments.find((one) => one.endpoint === endpoint);
    if (now?.updatedAt !== change.time || now.reason !== change.reason) return;
    const reason = `taken back, as the gateway does not load it: ${change.reason}`;
    await writeDeployment(transaction, { endpoint, salt, variants, traffic: { rules, fallback, sticky }, settings: { batching, log, pinned, unknownInputs }, time: house.clock.now(), actor: change.actor, reason });
    await holdDeployed(transaction, before);
  });
  await applyDeployments(house);
}

async function checkVariants(house: House, endpoint: string, variants: readonly Variant[]): Promise<void> {
  const total = variants.reduce((sum, variant) => sum + variant.weight, 0);
  if (Math.abs(total - 1) > 1e-9) throw invalid("serving.bad_weights", `The traffic shares of ${endpoint} must add up to 1, they add up to ${total}`);
  for (const variant of variants) await servable(house, await readVersion(house.db, endpoint, variant.version));
}

const holdDeployed = (transaction: Database, { endpoint, variants }: Pick<Deployment, "endpoint" | "variants">): Promise<void> =>
  holdVersions(transaction, endpoint, "deployment", variants.map((variant) => variant.version));

/** What homes from before versions could be held need: says of every deployment that it uses its versions. */
export async function holdAllDeployed(house: House): Promise<void> {
  const { deployments } = await readDeployments(house.db);
  await transact(house.db, async (transaction) => {
    for (const deployment of deployments) await holdDeployed(transaction, deployment);
  });
}

const applying = new WeakMap<House, Promise<number>>();

/**
 * Writes the gateway's configuration from the database and has the gateway load it; one after another, so that the newest is the last.
 * Returns the revision that is served.
 */
export function applyDeployments(house: House): Promise<number> {
  const applied = (applying.get(house) ?? Promise.resolve(0)).catch(() => 0).then(() => applyNow(house));
  applying.set(house, applied);
  return applied;
}

async function applyNow(house: House): Promise<number> {
  const { revision, deployments } = await readDeployments(house.db);
  const config: GatewayConfig = {
    revision,
    endpoints: await Promise.all(
      deployments.map(async (deployment) => ({
        name: deployment.endpoint,
        salt: deployment.salt,
        ...deployment.traffic,
        ...(deployment.settings.log && { log: deployment.settings.log }),
        ...(deployment.settings.unknownInputs && { unknownInputs: deployment.settings.unknownInputs }),
        variants: await Promise.all(
          deployment.variants.map(async (variant) => ({
            name: variant.name,
            version: String(variant.version),
            ...(await placeModel(house, await readVersion(house.db, deployment.endpoint, variant.version))),
            ...held(deployment.settings),
            weight: variant.weight,
            shadow: variant.shadow,
          })),
        ),
      })),
    ),
  };
  await writeAtomically(join(house.settings.home, "gateway"), "config.json", JSON.stringify(config, null, 2));
  const status = await gatewayOf(house).call("reload");
  if (status.revision !== revision) {
    throw new MillraceError("serving.gateway_behind", 500, `The gateway serves revision ${status.revision}, not ${revision}, after a reload`);
  }
  return revision;
}

/** The settings that belong to each model of a deployment. */
const held = ({ batching, pinned }: ServingSettings) => ({ ...(batching && { batching }), ...(pinned !== undefined && { pinned }) });

/** Makes the prediction log durable and readable up to this moment. */
export async function flushPredictions(house: House): Promise<void> {
  await gatewayOf(house).call("flush");
}

export const gatewayStatus = async (house: House): Promise<GatewayStatus> => gatewayOf(house).call("status");

export async function readDeployment(house: House, endpoint: string): Promise<Deployment | undefined> {
  return (await readDeployments(house.db)).deployments.find((deployment) => deployment.endpoint === endpoint);
}

/** All deployments with their live traffic. */
export async function deploymentStatuses(house: House): Promise<DeploymentStatus[]> {
  const { deployments } = await readDeployments(house.db);
  const status = deployments.length > 0 ? await gatewayStatus(house) : undefined;
  return deployments.map((deployment) => {
    const live = status?.endpoints.find((endpoint) => endpoint.name === deployment.endpoint);
    // Settings are a deployment's: its variants have the same.
    const [main] = live?.variants ?? [];
    return {
      ...deployment,
      refusal: status?.configError ?? null,
      inForce: main?.batching && live?.logShare !== undefined ? { batching: main.batching, logShare: live.logShare, pinned: main.pinned === true } : null,
      ready: status?.ready === true && live !== undefined,
      url: `${gatewayUrl(house)}/v2/models/${encodeURIComponent(deployment.endpoint)}/infer`,
      variants: deployment.variants.map((variant) => {
        const traffic = live?.variants.find((one) => one.name === variant.name && one.version === String(variant.version));
        const latency = traffic?.latency;
        return {
          ...variant,
          requests: traffic?.requests ?? 0,
          errors: traffic?.errors ?? 0,
          rows: traffic?.rows ?? null,
          remarks: traffic?.remarks ?? [],
          latency: latency?.p50 == null || latency.p99 == null ? null : { p50: latency.p50, p99: latency.p99 },
        };
      }),
    };
  });
}

/** One deployment with its live traffic; throws `serving.deployment_not_found`. */
export async function deploymentStatus(house: House, endpoint: string): Promise<DeploymentStatus> {
  const statuses = await deploymentStatuses(house);
  const found = statuses.find((deployment) => deployment.endpoint === endpoint);
  if (found) return found;
  throw notFound(
    "serving.deployment_not_found",
    `There is no deployment ${JSON.stringify(endpoint)}; there ${statuses.length > 0 ? `are ${statuses.map((one) => one.endpoint).join(", ")}` : "are none yet"}`,
  );
}
