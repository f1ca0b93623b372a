import type { Static, TSchema } from "typebox";
import type { RawReply, Route, Routes } from "./route.ts";

type Part<S, K extends string> = S extends TSchema ? (TSchema extends S ? unknown : { readonly [key in K]: Static<S> }) : unknown;
type Arguments<R> = R extends Route<infer P, infer Q, infer B> ? Part<P, "params"> & Part<Q, "query"> & Part<B, "body"> : never;
type Reply<R> = R extends Route<TSchema, TSchema, TSchema, infer T> ? (Awaited<T> extends RawReply ? string : Awaited<T>) : never;

/** An error answer of the API, as the server sent it. */
export class ApiError extends Error {
  readonly code: string;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>> | undefined;
  constructor(status: number, code: string, message: string, details?: Readonly<Record<string, unknown>>) {
    super(message);
    this.name = "ApiError";
    this.status = status;
    this.code = code;
    this.details = details;
  }
}

export type Client<R extends Routes> = <K extends keyof R & string>(
  route: K,
  ...rest: unknown extends Arguments<R[K]> ? [options?: CallOptions] : [call: Arguments<R[K]>, options?: CallOptions]
) => Promise<Reply<R[K]>>;

export interface CallOptions {
  readonly signal?: AbortSignal;
}

/**
 * A client of one room's API, typed from the room's own routes: `client<RegistryRoutes>(base, "registry")("GET /models/:name", {params: {name}})`.
 * `base` is the server's address, empty in the browser. Throws `ApiError` for an error answer.
 */
export function client<R extends Routes>(base: string, room: string): Client<R> {
  return (async (route: string, first: Record<string, Record<string, unknown>> | CallOptions = {}, second: CallOptions = {}) => {
    // A route without arguments is called with its options alone.
    const [call, options] = "signal" in first ? [{}, first as CallOptions] : [first as Record<string, Record<string, unknown>>, second];
    const [method, template] = route.split(" ") as [string, string];
    const path = template.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(call["params"]?.[name])));
    const query = new URLSearchParams(
      Object.entries(call["query"] ?? {}).flatMap(([key, value]) => (value === undefined ? [] : [[key, String(value as string | number | boolean)]])),
    ).toString();
    const response = await fetch(`${base}/api/${room}${path}${query ? `?${query}` : ""}`, {
      method,
      ...(call["body"] === undefined
        ? {}
        : { body: JSON.stringify(call["body"]), headers: { "content-type": "application/json" } }),
      ...(options.signal ? { signal: options.signal } : {}),
    }).catch((error: unknown) => {
      if (options.signal?.aborted === true) throw error;
      throw new ApiError(503, "http.no_answer", `The server at ${base || "this address"} does not answer${error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : ""}`);
    });
    const text = await response.text();
    const json = response.headers.get("content-type")?.startsWith("application/json") ?? false;
    if (!response.ok) {
      const error = (json ? (JSON.parse(text) as { error?: { code: string; message: string; details?: Record<string, unknown> } }) : {}).error;
      throw new ApiError(response.status, error?.code ?? "http.error", error?.message ?? `${response.status} ${text.slice(0, 200)}`, error?.details);
    }
    return json ? (JSON.parse(text) as unknown) : text;
  }) as Client<R>;
}
