import { createHash } from "node:crypto";
import type { GatewayConfig } from "./config.ts";

const digestOf = (content: object): string => createHash("sha256").update(JSON.stringify(content)).digest("hex");

/** A configuration as text with its own checksum (`sha256`, of its JSON without that member and without white space): a turned bit may leave it JSON that says something else. */
export function sealed(config: GatewayConfig): string {
  return JSON.stringify({ ...config, sha256: digestOf(config) }, null, 2);
}

/** Whether a parsed configuration that has a checksum is not what was written; one that people write has none. */
export function isBroken(value: unknown): boolean {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, "sha256")) return false;
  const { sha256, ...content } = value as { readonly sha256: unknown };
  return sha256 !== digestOf(content);
}
