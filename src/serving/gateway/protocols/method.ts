import { MillraceError } from "../../../errors.ts";
import type { HttpRequest } from "./protocol.ts";

/** The refusal of a method; `allow` is the header of that name, `takes` the same in words. */
export const notAllowed = (request: HttpRequest, allow: string, takes = allow): MillraceError =>
  new MillraceError("serving.method_not_allowed", 405, `/${request.path.join("/")} takes ${takes}, not ${request.method}.`, { details: { allow } });

/** Refuses every method but one; where there is GET, there is HEAD. */
export function allow(request: HttpRequest, method: string): void {
  if (request.method !== method && !(method === "GET" && request.method === "HEAD")) throw notAllowed(request, method);
}
