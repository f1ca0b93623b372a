import type { ReactNode } from "react";
import { ApiError } from "../http/client.ts";

/** Nothing is there yet: says so, and what to do about it. */
export function EmptyNotice({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className="notice">
      <h2>{title}</h2>
      {children ? <div className="muted" style={{ marginTop: "0.4rem" }}>{children}</div> : null}
    </div>
  );
}

/** Something went wrong: what, and what would be right. */
export function ErrorNotice({ error }: { error: Error }) {
  // The client's own word for no answer is no answer of the server.
  const known = error instanceof ApiError && error.code !== "http.no_answer";
  return (
    <div className="notice bad" role="alert">
      <h2>{known && error.status === 404 ? "Not found" : known ? "The server refused this" : "The server does not answer"}</h2>
      <p>{known ? error.message : "Start it with `millrace up`; this page goes on by itself once it is back."}</p>
      {known ? (
        <p className="small">
          Error code <code>{error.code}</code>
        </p>
      ) : null}
    </div>
  );
}
