import { join } from "node:path";
import { invalid, MillraceError, notFound } from "../errors.ts";
import { applyDeployments } from "./apply-deployments.ts";
import { gatewayOf } from "./attached-gateway.ts";
import { holdVersions } from "../registry/aliases.ts";
import { readVersion } from "../registry/versions.ts";
import type { House } from "../stage.ts";
import { readAudit } from "../storage/audit.ts";
import type { Database } from "../storage/database.ts";
import { transact } from "../storage/transactions.ts";
import type { GatewayStatus } from "./gateway-process.ts";
import { servable } from "./place-model.ts";
import { deleteDeployment, readDeployments, writeDeployment, type DeploymentChange } from "./store.ts";
import type { Deployment, DeploymentStatus, Removal, Variant } from "./types.ts";

/** Where the gateway answers. */
export const gatewayUrl = (house: House): string => gatewayOf(house).url();

/** The folder in which the gateway keeps an endpoint's prediction log, `<date>/*.parquet`. */
export const predictionFolder = (house: House, endpoint: string): string => join(house.settings.home, "predictions", encodeURIComponent(endpoint));

/**
 * Changes who answers for an endpoint, and how: the gateway is told and has loaded the models when this returns. A crash in between is made good at the next
 * start, when the gateway is told again. What the gateway refuses (a model that does not load) is taken back, a first deployment too, and fails with
 * `serving.gateway_refused`. `record` writes what holds once it is served so (aliases, decisions), in one transaction; when it fails, the change is taken
 * back, too. After a crash before it whoever called must call again. Where the gateway does not answer, change and records stand, and hold when it is back.
 */
export async function deploy(house: House, change: DeploymentChange, record?: (transaction: Database) => Promise<void>): Promise<void> {
  if (change.variants) await checkVariants(house, change.endpoint, change.variants);
  const before = await readDeployment(house, change.endpoint);
  const variants = await transact(house.db, async (transaction) => {
    const written = await writeDeployment(transaction, change);
    await holdDeployed(transaction, { endpoint: change.endpoint, variants: written });
    return written;
  });
  const recorded = async () => record && transact(house.db, record);
  let refusal: MillraceError | undefined;
  try {
    refusal = await refusalOf(house, change.endpoint);
  } catch (error) {
    await recorded();
    throw error;
  }
  if (refusal) {
    await takeBack(house, before, change, "the gateway does not load it");
    throw refusal;
  }
  try {
    await recorded();
  } catch (error) {
    await takeBack(house, before, change, "what belongs to it could not be written");
    throw error;
  }
  await house.events.emit({
    name: "serving.deployment_changed",
    time: change.time,
    payload: { endpoint: change.endpoint, variants, reason: change.reason },
  });
}

/** Has the gateway serve what is deployed; why it does not serve this endpoint so, if it does not. */
async function refusalOf(house: House, endpoint: string): Promise<MillraceError | undefined> {
  try {
    return (await applyDeployments(house)).refusals.get(endpoint);
  } catch (error) {
    if (error instanceof MillraceError && error.code === "serving.gateway_refused") return error;
    throw error;
  }
}

/** Makes a deployment what it was before a change, or nothing where it is the first, unless somebody has changed it since. */
async function takeBack(house: House, before: Deployment | undefined, { endpoint, time, actor, reason: why }: DeploymentChange, cause: string): Promise<void> {
  const reason = `taken back, as ${cause}: ${why}`;
  await transact(house.db, async (transaction) => {
    const now = (await readDeployments(transaction)).deployments.find((one) => one.endpoint === endpoint);
    if (now?.updatedAt !== time || now.reason !== why) return;
    if (before) {
      const { salt, variants } = before;
      const { rules = null, fallback = null, sticky = null } = before.traffic;
      const { batching = null, log = null, pinned = null, unknownInputs = null } = before.settings;
      await writeDeployment(transaction, { endpoint, salt, variants, traffic: { rules, fallback, sticky }, settings: { batching, log, pinned, unknownInputs }, time: house.clock.now(), actor, reason });
    } else await deleteDeployment(transaction, { endpoint, time: house.clock.now(), actor, reason });
    await holdDeployed(transaction, before ?? { endpoint, variants: [] });
  });
  await applyDeployments(house);
}

/**
 * Takes a deployment away: nobody answers for the endpoint any more when this returns, once the requests under way have their answers; its versions, its
 * history and its prediction log stay. Fails with `serving.deployment_not_found`, or with `serving.deployment_needed` where another one falls back on it.
 */
export async function removeDeployment(house: House, { endpoint, actor, reason }: { endpoint: string; actor: string; reason: string }): Promise<void> {
  const time = house.clock.now();
  await transact(house.db, async (transaction) => {
    await deleteDeployment(transaction, { endpoint, time, actor, reason });
    await holdDeployed(transaction, { endpoint, variants: [] });
  });
  await applyDeployments(house);
  await house.events.emit({ name: "serving.deployment_removed", time, payload: { endpoint, reason } });
}

/** When a deployment was taken away, by whom and why; null where somebody answers for the endpoint, or never has. */
export async function readRemoval(house: House, endpoint: string): Promise<Removal | null> {
  if (await readDeployment(house, endpoint)) return null;
  const [last] = await readAudit(house.db, { object: `deployment/${endpoint}`, limit: 1 });
  return last?.action === "serving.deployment_removed" ? { time: last.time, actor: last.actor, reason: last.reason } : null;
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
      refusal: status?.refusals?.[deployment.endpoint]?.message ?? status?.configError ?? null,
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
