import { hash } from "node:crypto";
import { inputsDigest } from "../tensors/digest.ts";
import type { Input } from "../tensors/input.ts";

/** What a request is known again by. */
export interface Identified {
  readonly id: string;
  readonly inputs?: readonly Input[];
  /** In place of the inputs, where those are read later. */
  readonly content?: () => string | Uint8Array;
}

/**
 * One text for one request: its id with a digest of its rows. A request that is sent again has the same; clients that give all their requests one id do
 * not make one request of them.
 */
export function requestKey({ id, inputs, content }: Identified): string {
  if (content) return `${id}\0${hash("sha256", content(), "base64url")}`;
  return inputs && inputs.length > 0 ? `${id}\0${inputsDigest(inputs)}` : id;
}
