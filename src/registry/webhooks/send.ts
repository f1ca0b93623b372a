import { createHmac } from "node:crypto";
import { lookup, type LookupAddress } from "node:dns";
import { request as httpRequest, Agent as HttpAgent } from "node:http";
import { request as httpsRequest, Agent as HttpsAgent } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { describeError, MillraceError } from "../../errors.ts";
import { isPublicAddress } from "./public-address.ts";
import { checkTarget, hostOf, isAllowed } from "./target.ts";

/** What is sent, and to whom. */
export interface Message {
  readonly url: string;
  readonly deliveryId: string;
  /** Seconds since 1970, of this attempt. */
  readonly timestamp: number;
  readonly payload: string;
  readonly secret: string | null;
}

/** How an attempt went: answered with a status, or not at all. */
export type Sent =
  | { readonly status: number; readonly body: string; readonly retryAfter: string | undefined }
  /** `final`: trying again would be refused again. */
  | { readonly status: null; readonly error: string; readonly final: boolean };

export interface SendOptions {
  readonly allow: readonly string[];
  /** For the whole attempt, from the name to the end of the answer (ms). */
  readonly timeout?: number;
  /** Breaks the attempt off. */
  readonly signal?: AbortSignal | undefined;
  /** How names become addresses; the system's way by default. */
  readonly resolve?: typeof lookup;
}

const mostOfAnswer = 64 << 10;

/**
 * Sends one message, once. The name is resolved here, every address it has is checked, and the connection goes to one of those: what the name
 * means a moment later does not matter (DNS rebinding). No redirect is followed, no proxy of the environment used, 64 KB of the answer read.
 */
export async function send(message: Message, { allow, timeout = 10_000, signal, resolve = lookup }: SendOptions): Promise<Sent> {
  let url: URL;
  try {
    url = checkTarget(message.url, allow);
  } catch (error) {
    // The settings may allow less than they did when it was made.
    if (error instanceof MillraceError) return { status: null, error: error.message, final: true };
    throw error;
  }
  const secure = url.protocol === "https:";
  const agent = secure ? new HttpsAgent({ keepAlive: false }) : new HttpAgent({ keepAlive: false });
  return new Promise<Sent>((done) => {
    const outgoing = (secure ? httpsRequest : httpRequest)(url, {
      method: "POST",
      agent,
      ...(signal ? { signal } : {}),
      lookup: isAllowed(hostOf(url), allow) ? resolve : publicOnly(resolve),
      headers: { "content-type": "application/json", "content-length": Buffer.byteLength(message.payload), "user-agent": "millrace-webhooks", ...signature(message) },
    });
    const settle = (sent: Sent): void => {
      clearTimeout(patience);
      done(sent);
      outgoing.destroy();
    };
    const patience = setTimeout(() => settle({ status: null, error: `no whole answer within ${timeout / 1000} s`, final: false }), timeout);
    outgoing.on("error", (error) => settle({ status: null, error: describeError(error), final: error instanceof MillraceError }));
    outgoing.on("response", (answer) => {
      const parts: Buffer[] = [];
      let size = 0;
      const end = (): void =>
        settle({ status: answer.statusCode!, body: Buffer.concat(parts).subarray(0, mostOfAnswer).toString("utf8"), retryAfter: answer.headers["retry-after"] });
      answer.on("data", (part: Buffer) => {
        parts.push(part);
        if ((size += part.length) >= mostOfAnswer) end();
      });
      answer.on("end", end).on("error", (error) => settle({ status: null, error: describeError(error), final: false }));
    });
    outgoing.end(message.payload);
  });
}

/** MLflow's headers: HMAC-SHA256 over id, time and payload, so that who knows the secret can tell who sent it, and an old message from a new one. */
function signature({ deliveryId, timestamp, payload, secret }: Message): Record<string, string> {
  const headers = { "x-mlflow-delivery-id": deliveryId, "x-mlflow-timestamp": String(timestamp) };
  if (secret === null) return headers;
  return { ...headers, "x-mlflow-signature": `v1,${createHmac("sha256", secret).update(`${deliveryId}.${timestamp}.${payload}`).digest("base64")}` };
}

/** Resolves a name, and refuses it when one of its addresses is not public. (An address that is written as such was checked with its URL.) */
function publicOnly(resolve: typeof lookup): LookupFunction {
  return (host, options, done) => {
    resolve(host, { ...options, all: true }, (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => {
      if (error) return done(error, []);
      const wrong = addresses.find(({ address }) => isIP(address) === 0 || !isPublicAddress(address));
      if (wrong || addresses.length === 0) {
        return done(new MillraceError("registry.bad_webhook", 400, `Webhook URL must not resolve to a non-public IP address. '${host}' resolves to ${wrong?.address ?? "nothing"}.`), []);
      }
      if (options.all === true) return done(null, addresses);
      return done(null, addresses[0].address, addresses[0].family);
    });
  };
}
