import Type from "typebox";
import { invalid } from "../errors.ts";
import { parseBatching, parseLog, parseUnknownInputs } from "./gateway/config/batch-config.ts";
import type { BatchConfig, LogConfig } from "./gateway/config/batch-config.ts";
import type { UnknownInputs } from "./gateway/tensors/bind.ts";
import type { Fail } from "./gateway/config/fields.ts";

/** How a deployment is served, whichever of its variants answers; the gateway's defaults hold for what is absent. */
export interface ServingSettings {
  readonly batching?: BatchConfig;
  readonly log?: LogConfig;
  /** Stays in memory whatever the gateway's memory limit says. */
  readonly pinned?: boolean;
  /** What becomes of inputs that no variant knows. */
  readonly unknownInputs?: UnknownInputs;
}

const number = Type.Optional(Type.Number());

/** What a change of a deployment may say about how it is served: what is absent stays as it is, `null` goes back to the default. Ranges are checked below. */
export const settingsFields = {
  batching: Type.Optional(Type.Union([Type.Null(), Type.Object({ maxRows: number, delayMs: number, queueRows: number, timeoutMs: number, weight: number, merge: Type.Optional(Type.Boolean()) })])),
  log: Type.Optional(Type.Union([Type.Null(), Type.Object({ share: Type.Number() })])),
  pinned: Type.Optional(Type.Union([Type.Null(), Type.Boolean()])),
  unknownInputs: Type.Optional(Type.Union([Type.Null(), Type.Literal("refuse"), Type.Literal("ignore")])),
};

/** Settings as a client sends them. */
export type SettingsChange = { readonly [K in keyof ServingSettings]: ServingSettings[K] | null };

/** The settings after a change; fails with `serving.bad_settings` where they are wrong. */
export function changedSettings(endpoint: string, before: ServingSettings, change: SettingsChange): ServingSettings {
  const fail: Fail = (where, what) => invalid("serving.bad_settings", `The settings of ${endpoint} are wrong at ${where}: ${what}`);
  const { batching = before.batching, log = before.log, pinned = before.pinned, unknownInputs = before.unknownInputs } = change;
  const limits = batching && parseBatching(batching, "batching", fail);
  return {
    ...(limits && Object.keys(limits).length > 0 && { batching: limits }),
    ...(log && { log: parseLog(log, "log", fail) }),
    ...(pinned === true && { pinned }),
    ...(unknownInputs && { unknownInputs: parseUnknownInputs(unknownInputs, "unknownInputs", fail) }),
  };
}
