import type { Readable } from "node:stream";
import type { Static, TSchema } from "typebox";
import type { House } from "../stage.ts";

/** What a handler gets: the parsed and checked parts of the request. */
export interface Call<P, Q, B> {
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** Who asks; `local` until access control says otherwise. */
  readonly actor: string;
}

/** Sent as it is instead of as JSON. */
export interface RawReply {
  readonly raw: true;
  readonly contentType: string;
  readonly body: Uint8Array | string | Readable;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Route<P extends TSchema = TSchema, Q extends TSchema = TSchema, B extends TSchema = TSchema, R = unknown> {
  /** One sentence for the API's documentation. */
  readonly summary: string;
  readonly params?: P;
  readonly query?: Q;
  readonly body?: B;
  readonly handle: (house: House, call: Call<Static<P>, Static<Q>, Static<B>>) => R | Promise<R>;
}

/** Routes of a room: `"GET /models/:name"` → route, relative to `/api/<room>`. */
// The handler's parameter types are what each route says they are; the list cannot name them all.
// eslint-disable-next-line typescript/no-explicit-any
export type Routes = Readonly<Record<string, Route<any, any, any, any>>>;

/** Declares a route; its types flow from the schemas to the handler and on to the client. */
export const route = <R, P extends TSchema = TSchema, Q extends TSchema = TSchema, B extends TSchema = TSchema>(
  definition: Route<P, Q, B, R>,
): Route<P, Q, B, R> => definition;

/** Marks a reply that is not JSON (a report, a file, a stream of events). */
export const raw = (contentType: string, body: RawReply["body"], headers?: Record<string, string>): RawReply => ({
  raw: true,
  contentType,
  body,
  ...(headers ? { headers } : {}),
});
