import { invalid } from "../../../errors.ts";
import type { GitHost } from "../../../project/triggers.ts";
import { headerOf, type Headers } from "./signature.ts";

/** What a signed message says: that a branch moved, or nothing that concerns a trigger, and why. */
export type Told = { readonly branch: string; readonly commit: string; readonly before: string | null } | { readonly nothing: string };

const eventHeaders: Readonly<Record<GitHost, string>> = { github: "x-github-event", gitlab: "x-gitlab-event", gitea: "x-gitea-event" };

/** Reads the message of a host, JSON or a form with the field `payload`. Throws `pipelines.hook_unreadable`. */
export function readPush(host: GitHost, headers: Headers, body: Uint8Array): Told {
  const event = headerOf(headers, eventHeaders[host]);
  if (event === undefined) throw invalid("pipelines.hook_unreadable", `It has no header ${eventHeaders[host]}, as every message of ${host} has`);
  if (event === "ping") return { nothing: "a ping: the web hook is set up" };
  const { ref, after, before, object_kind: kind, event_name: name } = contentOf(headers, body);
  const isPush = host === "gitlab" ? kind === "push" || name === "push" : event === "push";
  if (!isPush) return { nothing: `an event ${JSON.stringify(event)}; only pushes concern a trigger` };
  if (typeof ref !== "string" || typeof after !== "string" || !commit.test(after)) throw invalid("pipelines.hook_unreadable", "A push must have `ref` and `after`, a commit; this has not");
  const branch = /^refs\/heads\/(.+)$/s.exec(ref)?.[1];
  if (branch === undefined) return { nothing: `a push of ${ref.slice(0, 200)}, which is no branch` };
  if (nobody.test(after)) return { nothing: `the branch ${branch} was deleted` };
  return { branch, commit: after, before: typeof before === "string" && commit.test(before) && !nobody.test(before) ? before : null };
}

const commit = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const nobody = /^0+$/;

function contentOf(headers: Headers, body: Uint8Array): Readonly<Record<string, unknown>> {
  const text = Buffer.from(body).toString("utf8");
  const form = headerOf(headers, "content-type")?.startsWith("application/x-www-form-urlencoded") ?? false;
  try {
    const content: unknown = JSON.parse(form ? (new URLSearchParams(text).get("payload") ?? "") : text);
    if (typeof content === "object" && content !== null && !Array.isArray(content)) return content as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw invalid("pipelines.hook_unreadable", `Its ${form ? "field payload" : "body"} is no JSON: ${(error as Error).message}`);
  }
  throw invalid("pipelines.hook_unreadable", "Its body is no JSON object");
}
