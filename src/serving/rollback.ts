import { conflict, notFound } from "../errors.ts";
import type { House } from "../stage.ts";
import { readAudit } from "../storage/audit.ts";
import type { TrafficRules } from "./gateway/config/config.ts";
import { deploy, readDeployment } from "./serving.ts";
import type { Variant } from "./types.ts";

/** Changes that are looked through for a former state. */
const mostChanges = 1000;

/**
 * Gives an endpoint back to who answered before its last change of variants, with the rules of that time, in one change; called again it goes
 * forth again. Settings stay: they are no matter of who answers. Fails with `serving.deployment_not_found`, and with `serving.nothing_before` when nobody answered before.
 */
export async function rollBack(house: House, { endpoint, actor, reason }: { endpoint: string; actor: string; reason: string }): Promise<void> {
  const now = await readDeployment(house, endpoint);
  if (!now) throw notFound("serving.deployment_not_found", `There is no deployment ${JSON.stringify(endpoint)}`);
  const changes = await readAudit(house.db, { object: `deployment/${endpoint}`, limit: mostChanges });
  const present = JSON.stringify(now.variants.map(variantOf));
  const former = changes
    .filter(({ action }) => action === "serving.deployment_changed")
    .map(({ details }) => details as { variants: readonly Variant[]; traffic?: TrafficRules })
    .find(({ variants }) => JSON.stringify(variants.map(variantOf)) !== present);
  if (!former) throw conflict("serving.nothing_before", `${endpoint} has had no other variants than those it has`);
  const { rules = null, fallback = null, sticky = null } = former.traffic ?? {};
  await deploy(house, {
    endpoint,
    salt: now.salt,
    variants: former.variants.map(variantOf),
    traffic: { rules, fallback, sticky },
    time: house.clock.now(),
    actor,
    reason,
  });
}

const variantOf = ({ name, version, weight, shadow }: Variant): Variant => ({ name, version, weight, shadow });
