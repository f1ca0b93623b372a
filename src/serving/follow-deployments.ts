import { describeError } from "../errors.ts";
import type { House } from "../stage.ts";
import { applyDeployments } from "./apply-deployments.ts";
import { readRevision } from "./store.ts";

/** How soon the gateway of one server serves what another server of the same database deployed. */
const everyMs = 1000;

/** Has the gateway of this house load what other servers deployed, from `revision` on; returns how to stop. */
export function followDeployments(house: House, revision: number): () => Promise<void> {
  let known = revision;
  let failing = false;
  let looking: Promise<void> | undefined;
  const look = async (): Promise<void> => {
    try {
      if ((await readRevision(house.db)) > known) ({ revision: known } = await applyDeployments(house));
      failing = false;
    } catch (error) {
      // Once for as long as it lasts; the gateway goes on with what it has.
      if (!failing) house.log.error({ err: error }, `The gateway may serve an old deployment: ${describeError(error)}`);
      failing = true;
    }
  };
  const timer = setInterval(() => void (looking ??= look().finally(() => (looking = undefined))), everyMs).unref();
  return async () => {
    clearInterval(timer);
    await looking;
  };
}
