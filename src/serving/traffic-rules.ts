import Type from "typebox";
import { invalid } from "../errors.ts";
import type { TrafficRules } from "./gateway/config/config.ts";
import { parseTraffic } from "./gateway/config/traffic-config.ts";

const matches = Type.Record(
  Type.String(),
  Type.Union([
    Type.String(),
    Type.Object({ prefix: Type.String() }, { additionalProperties: false }),
    Type.Object({ oneOf: Type.Array(Type.String()) }, { additionalProperties: false }),
  ]),
);

/** What a change of a deployment may say about traffic: what is absent stays as it is, `null` removes it. */
export const trafficFields = {
  rules: Type.Optional(
    Type.Union([
      Type.Null(),
      Type.Array(
        Type.Object(
          { if: Type.Object({ header: Type.Optional(matches), parameter: Type.Optional(matches) }, { additionalProperties: false }), variant: Type.String() },
          { additionalProperties: false },
        ),
      ),
    ]),
  ),
  fallback: Type.Optional(
    Type.Union([
      Type.Null(),
      Type.Object({ variant: Type.Optional(Type.String()), endpoint: Type.Optional(Type.String()), afterMs: Type.Optional(Type.Number()) }, { additionalProperties: false }),
    ]),
  ),
  sticky: Type.Optional(
    Type.Union([
      Type.Null(),
      Type.Object({ header: Type.Optional(Type.String()), cookie: Type.Optional(Type.String()), parameter: Type.Optional(Type.String()) }, { additionalProperties: false }),
    ]),
  ),
};

/** Rules as a client sends them. */
export type TrafficChange = { readonly [K in keyof TrafficRules]: TrafficRules[K] | null };

/** The rules after a change, as far as they fit the variants: those that speak of a variant which is gone go with it. */
export function changedTraffic(before: TrafficRules, change: TrafficChange, variants: readonly string[]): TrafficRules {
  const { rules, fallback, sticky } = { ...fitting(before, variants), ...change };
  return { ...(rules && { rules }), ...(fallback && { fallback }), ...(sticky && { sticky }) };
}

function fitting({ rules, fallback, sticky }: TrafficRules, variants: readonly string[]): TrafficRules {
  const left = rules?.filter(({ variant }) => variants.includes(variant));
  return {
    ...(left && left.length > 0 && { rules: left }),
    ...(fallback && (fallback.variant === undefined || variants.includes(fallback.variant)) && { fallback }),
    ...(sticky && { sticky }),
  };
}

/** Fails with `serving.bad_traffic` where rules are wrong; `endpoints` are those another of which may be the fallback. */
export function checkTraffic(endpoint: string, traffic: TrafficRules, variants: readonly string[], endpoints: readonly string[]): void {
  parseTraffic({ ...traffic }, endpoint, variants, (where, what) => invalid("serving.bad_traffic", `The traffic of ${endpoint} is wrong at ${where}: ${what}`));
  const other = traffic.fallback?.endpoint;
  if (other === undefined || (other !== endpoint && endpoints.includes(other))) return;
  throw invalid("serving.bad_traffic", `The fallback of ${endpoint} is ${JSON.stringify(other)}, which is no other deployment; there ${endpoints.length > 0 ? `is ${endpoints.join(", ")}` : "are none yet"}`);
}
