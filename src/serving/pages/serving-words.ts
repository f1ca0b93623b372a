import { formatMilliseconds, formatNumber, formatPercent, formatSpan } from "../../ui/format.ts";
import type { BatchingInForce } from "../gateway/config/batch-config.ts";
import type { VariantTraffic } from "../types.ts";
import type { FallbackConfig, MatchConfig, RuleConfig, StickyConfig } from "../gateway/config/config.ts";

/** What a request must bear for a rule: `header x-tier is beta`. */
export function conditionText({ if: { header = {}, parameter = {} } }: RuleConfig): string {
  const one = (kind: string) => ([name, match]: [string, MatchConfig]) => `${kind} ${name} ${matchText(match)}`;
  return [...Object.entries(header).map(one("header")), ...Object.entries(parameter).map(one("parameter"))].join(" and ");
}

const matchText = (match: MatchConfig): string =>
  typeof match === "string" ? `is ${quoted(match)}` : "prefix" in match ? `begins with ${quoted(match.prefix)}` : `is one of ${match.oneOf.map(quoted).join(", ")}`;

const quoted = (text: string): string => `“${text}”`;

export function fallbackText(fallback: FallbackConfig | undefined): string {
  if (!fallback) return "None: a failure is told to the client.";
  const { variant, endpoint, afterMs } = fallback;
  const who = variant === undefined ? `The endpoint ${endpoint}` : `The variant ${variant}`;
  return `${who} answers when the one picked fails, is overloaded${afterMs === undefined ? "" : `, or has not answered after ${formatMilliseconds(afterMs)}`}.`;
}

export function stickyText(sticky: StickyConfig | undefined): string {
  const [entry] = Object.entries(sticky ?? {});
  return entry ? `The ${entry[0]} ${entry[1]} decides the variant, so that its users stay where they are.` : "The request’s id decides the variant, unless the request names a sticky key.";
}

export const logText = (share: number): string =>
  share === 1 ? "Every request" : share === 0 ? "Failures only; monitoring sees no predictions" : `${formatPercent(share)} of the answered requests, by their id, and every failure`;

export const batchingText = ({ maxRows, delayMs, queueRows, timeoutMs, weight, merge }: BatchingInForce): string =>
  [
    `up to ${formatNumber(maxRows)} rows together`,
    delayMs === null ? "a batch waits as long as measurement shows that it helps" : delayMs === 0 ? "nobody waits for others" : `a batch waits ${formatMilliseconds(delayMs)} for more`,
    `${formatNumber(queueRows)} rows may wait, for ${timeoutMs < 1000 ? formatMilliseconds(timeoutMs) : formatSpan(timeoutMs)}`,
    `weight ${formatNumber(weight)}`,
    ...(merge === null || merge === undefined ? [] : [merge ? "requests are merged whatever the model shows" : "requests are not merged"]),
  ].join(" · ");

/** What becomes of the rows of several requests, where that is not the usual: they are scored together. */
export function rowsText(rows: VariantTraffic["rows"]): string[] {
  if (!rows || (rows.merged && rows.dependence === null)) return [];
  if (rows.merged) return [`requests are scored together, as an operator said, although the model does not show that its rows are independent: ${rows.dependence}`];
  return [`requests are not scored together: ${rows.dependence ?? "an operator said so."}`];
}
