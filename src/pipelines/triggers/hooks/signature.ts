import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { MillraceError } from "../../../errors.ts";
import type { GitHost } from "../../../project/triggers.ts";

export type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** How far the clock of a sender that signs the time may be off, and how long a message may be under way (Standard Webhooks asks for such a limit), ms. */
const toleranceMs = 300_000;

/**
 * Throws unless a message is signed with the secret, as its host signs (each over the bytes of the body):
 * GitHub `X-Hub-Signature-256: sha256=<hex HMAC-SHA256>` (docs.github.com, validating webhook deliveries); Gitea and Forgejo `X-Gitea-Signature: <hex HMAC-SHA256>`;
 * GitLab either `webhook-signature: v1,<base64 HMAC-SHA256 of id.timestamp.body>` (its signing token; standardwebhooks.com) or the secret itself as `X-Gitlab-Token`. Comparisons take the same
 * time wherever they differ.
 */
export function requireSignature(host: GitHost, headers: Headers, body: Uint8Array, secret: string, now: number): void {
  if (host === "gitlab") return requireGitlab(headers, body, secret, now);
  const [name, prefix] = host === "github" ? ["x-hub-signature-256", "sha256="] : ["x-gitea-signature", ""];
  const given = headerOf(headers, name);
  if (given === undefined) throw unsigned(`It has no header ${name}: give the web hook the same secret as the trigger`);
  if (!same(given, `${prefix}${createHmac("sha256", secret).update(body).digest("hex")}`)) throw wrong(name);
}

function requireGitlab(headers: Headers, body: Uint8Array, secret: string, now: number): void {
  const [signature, id, timestamp] = ["webhook-signature", "webhook-id", "webhook-timestamp"].map((name) => headerOf(headers, name));
  if (signature !== undefined) {
    if (id === undefined || timestamp === undefined) throw unsigned("It has a webhook-signature, and no webhook-id or webhook-timestamp");
    // A token of Standard Webhooks is a key in base64; one that is not written so is taken as it stands.
    const keys = [Buffer.from(secret), ...(secret.startsWith("whsec_") ? [Buffer.from(secret.slice("whsec_".length), "base64")] : [])];
    const right = keys.map((key) => `v1,${createHmac("sha256", key).update(`${id}.${timestamp}.`).update(body).digest("base64")}`);
    const given = signature.split(" ");
    if (!right.map((one) => given.map((other) => same(other, one)).includes(true)).includes(true)) throw wrong("webhook-signature");
    if (!(Math.abs(Number(timestamp) * 1000 - now) <= toleranceMs)) throw new MillraceError("pipelines.hook_refused", 401, `Its time (webhook-timestamp ${timestamp}) is more than five minutes off this server's`);
    return;
  }
  const token = headerOf(headers, "x-gitlab-token");
  if (token === undefined) throw unsigned("It has neither a webhook-signature nor an X-Gitlab-Token: give the web hook the same secret as the trigger");
  if (!same(token, secret)) throw wrong("x-gitlab-token");
}

/** A header that is there once; one that is sent twice is none. */
export const headerOf = (headers: Headers, name: string): string | undefined => (typeof headers[name] === "string" ? headers[name] : undefined);

const unsigned = (message: string): MillraceError => new MillraceError("pipelines.hook_refused", 401, message);
const wrong = (name: string): MillraceError => new MillraceError("pipelines.hook_refused", 401, `Its ${name} is not made with the secret of the trigger`);

/** Digests have one length, so nothing is told by how long the comparison takes. */
const same = (a: string, b: string): boolean => timingSafeEqual(createHash("sha256").update(a).digest(), createHash("sha256").update(b).digest());
