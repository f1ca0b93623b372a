import { isIP } from "node:net";
import { invalid } from "../../errors.ts";
import { isPublicAddress } from "./public-address.ts";

const longestUrl = 2048;

/**
 * Where a webhook may point: https, to a public address; to the hosts of `allow` (`MILLRACE_WEBHOOK_ALLOW`: names, `*.corp.example`, addresses) also http and any
 * address. What a name resolves to is looked at whenever something is sent (`send.ts`). Throws `registry.bad_webhook`, in MLflow's words.
 */
export function checkTarget(url: string, allow: readonly string[]): URL {
  const refuse = (message: string): Error => invalid("registry.bad_webhook", message);
  if (url.trim() === "") throw refuse(`Webhook URL cannot be empty or just whitespace: '${url}'`);
  if (url.length > longestUrl) throw refuse(`Webhook URL may have ${longestUrl} characters; this one has ${url.length}`);
  const target = URL.parse(url);
  if (!target) throw refuse(`Invalid webhook URL '${url}'`);
  const host = hostOf(target);
  const allowed = isAllowed(host, allow);
  const schemes = allowed ? ["https", "http"] : ["https"];
  if (!schemes.includes(target.protocol.slice(0, -1))) throw refuse(`Invalid webhook URL scheme: '${target.protocol.slice(0, -1)}'. Allowed schemes are: ${schemes.join(", ")}.`);
  if (target.username !== "" || target.password !== "") throw refuse("Webhook URL must not hold a user or a password: sign with a secret instead");
  if (!allowed && (isIP(host) === 0 ? /(^|\.)localhost$/.test(host) : !isPublicAddress(host))) {
    throw refuse(`Webhook URL must not resolve to a non-public IP address. '${host}' is not public; MILLRACE_WEBHOOK_ALLOW names hosts that may be reached all the same.`);
  }
  return target;
}

/** The host of a URL, without the brackets of an IPv6 address and the dot that ends a full name. */
export const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");

/** Whether the settings say that this host may be reached, whatever its address. */
export const isAllowed = (host: string, allow: readonly string[]): boolean =>
  allow.some((pattern) => (pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : host === pattern));
