import type { MatchConfig, StickyConfig, TrafficRules } from "../config/config.ts";
import { requestKey } from "./request-key.ts";
import type { Identified } from "./request-key.ts";
import { pickVariant } from "./traffic.ts";
import type { Share } from "./traffic.ts";

/** What traffic rules may look at in a request. */
export interface Routable extends Identified {
  readonly stickyKey?: string;
  readonly header?: (name: string) => string | undefined;
  readonly parameters?: Readonly<Record<string, unknown>>;
}

/** The endpoint's side of it. */
export interface Routes<V extends Share> extends TrafficRules {
  readonly salt: string;
  readonly variants: readonly V[];
  /** The only variant with traffic by weight, where there is only one. */
  readonly sole: V | undefined;
  variant(name: string): V;
}

/** Who answers a request, and with which probability it is the one. */
export interface Route<V> {
  readonly variant: V;
  readonly propensity: number;
}

/** The variant for a request: by the first rule that fits, else by the weights and what sticks. */
export function route<V extends Share>(routes: Routes<V>, request: Routable): Route<V> {
  if (routes.rules) {
    const rule = routes.rules.find((one) => fits(one.if.header, request.header) && fits(one.if.parameter, parameterOf(request)));
    if (rule) return { variant: routes.variant(rule.variant), propensity: 1 };
  }
  const variant = routes.sole ?? pickVariant(routes.variants, routes.salt, stickyKey(routes.sticky, request));
  return { variant, propensity: variant.weight };
}

type Read = (name: string) => string | undefined;

function fits(matches: Readonly<Record<string, MatchConfig>> | undefined, read: Read | undefined): boolean {
  if (!matches) return true;
  return Object.entries(matches).every(([name, match]) => {
    const value = read?.(name);
    if (value === undefined) return false;
    if (typeof match === "string") return value === match;
    return "prefix" in match ? value.startsWith(match.prefix) : match.oneOf.includes(value);
  });
}

const parameterOf =
  ({ parameters }: Routable): Read =>
  (name) => {
    if (!parameters || !Object.hasOwn(parameters, name)) return undefined;
    const value = parameters[name];
    return typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : undefined;
  };

function stickyKey(sticky: StickyConfig | undefined, request: Routable): string {
  return request.stickyKey ?? (sticky && configured(sticky, request)) ?? requestKey(request);
}

function configured({ header, cookie, parameter }: StickyConfig, request: Routable): string | undefined {
  if (header !== undefined) return request.header?.(header);
  if (cookie !== undefined) return cookieIn(request.header?.("cookie"), cookie);
  return parameterOf(request)(parameter!);
}

/** RFC 6265, section 4.2. */
function cookieIn(cookies: string | undefined, name: string): string | undefined {
  const pair = cookies?.split(";").map((one) => one.trim()).find((one) => one.startsWith(`${name}=`));
  return pair?.slice(name.length + 1).replace(/^"(.*)"$/, "$1");
}
