import { fileURLToPath } from "node:url";
import { describeError } from "../errors.ts";
import type { House, Stage } from "../stage.ts";
import { despiteDamage } from "../storage/damage.ts";
import { holdsOf } from "../storage/holds.ts";
import { servingCommands } from "./commands.ts";
import { followDeployments } from "./follow-deployments.ts";
import { superviseGateway } from "./gateway-process.ts";
import { servingRoutes } from "./routes.ts";
import { applyDeployments } from "./apply-deployments.ts";
import { attachGateway } from "./attached-gateway.ts";
import { holdAllDeployed } from "./serving.ts";
import { servingMigrations } from "./store.ts";

export const serving: Stage = {
  name: "serving",
  purpose: "Who answers: deployments, traffic split, the gateway and its supervision",
  migrations: servingMigrations,
  routes: servingRoutes,
  commands: servingCommands,
  events: { "serving.deployment_changed": "the gateway serves a new traffic split", "serving.deployment_removed": "nobody answers for an endpoint any more" },
  start: async (house: House) => {
    const { home, host, gatewayPort, python, memoryLimit } = house.settings;
    const supervisor = await superviseGateway({
      home,
      host,
      port: gatewayPort,
      python,
      memoryLimit,
      grpcPort: gatewayPort === 0 ? 0 : gatewayPort + 1,
      program: fileURLToPath(new URL(`gateway/main${import.meta.url.endsWith(".ts") ? ".ts" : ".js"}`, import.meta.url)),
      log: house.log,
    });
    attachGateway(house, supervisor);
    await despiteDamage(house.log, () => holdAllDeployed(house));
    // What does not load (any more) must not keep the server from those who would roll it back.
    const applied = await applyDeployments(house).catch((error: unknown) => {
      house.log.error({ err: error }, `The gateway does not serve what is deployed: ${describeError(error)}`);
      return undefined;
    });
    for (const [endpoint, refusal] of applied?.refusals ?? []) house.log.error({ err: refusal, endpoint }, `The gateway does not serve ${endpoint} as it is deployed: ${refusal.message}`);
    const stopFollowing = holdsOf(house.db).shared ? followDeployments(house, applied?.revision ?? 0) : undefined;
    return async () => {
      await stopFollowing?.();
      await supervisor.stop();
    };
  },
};
