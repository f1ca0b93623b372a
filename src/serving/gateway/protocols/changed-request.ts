import type { HttpRequest } from "./protocol.ts";

/** A request with some of it replaced, for the handler of another protocol. */
export const changedRequest = (request: HttpRequest, changes: Partial<Pick<HttpRequest, "method" | "path" | "header" | "body">>): HttpRequest => ({
  method: request.method,
  path: request.path,
  body: request.body,
  header: (name) => request.header(name),
  ...changes,
  get query() {
    return request.query;
  },
  get signal() {
    return request.signal;
  },
});
