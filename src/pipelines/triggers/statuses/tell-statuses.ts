import { day } from "../../../clock.ts";
import { describeError, MillraceError } from "../../../errors.ts";
import type { House } from "../../../stage.ts";
import { readSecret } from "../read-secret.ts";
import { listTriggers } from "../store.ts";
import type { Trigger } from "../types.ts";
import { statusHosts, type CommitStatus, type Request } from "./hosts.ts";
import { changeStatus, dueStatuses, type StatusRow } from "./status-store.ts";

const attemptMs = 10_000;
const longestWaitMs = 300_000;
/** So long a host may be away. */
const patienceMs = day;

/** How a request went: the answer; or that it cannot have arrived; or that nobody knows. */
type Went = { readonly status: number; readonly answer: unknown } | { readonly arrived: false | undefined; readonly error: string };

/**
 * Tells Git hosts what is due of the verdicts on their commits. A host that is away is tried again, for a day. It is noted before each attempt that it is under way, so whoever finds one without an
 * end (the process was killed, the answer did not come) asks the host first whether it knows the status: it is told once.
 */
export async function tellStatuses(house: Pick<House, "db" | "clock" | "log" | "settings">, signal?: AbortSignal): Promise<void> {
  const { db, clock, log } = house;
  const due = await dueStatuses(db, clock.now());
  if (due.length === 0) return;
  const triggers = new Map((await listTriggers(db)).map((trigger) => [trigger.name, trigger]));
  for (const row of due) {
    const trigger = triggers.get(row.trigger_name);
    const error = await tell(house, trigger, row, signal);
    if (error !== null) log.warn({ trigger: row.trigger_name, commit: row.commit_name }, `The status of the commit ${row.commit_name.slice(0, 7)} was not told: ${error}`);
  }
}

/** One attempt; answers with what was wrong where it will not be tried again. */
async function tell({ db, clock, settings }: Pick<House, "db" | "clock" | "settings">, trigger: Trigger | undefined, row: StatusRow, signal: AbortSignal | undefined): Promise<string | null> {
  const giveUp = async (error: string): Promise<string> => {
    await changeStatus(db, row, { state: "given_up", error });
    return error;
  };
  const again = async (error: string, unsure: boolean): Promise<string | null> => {
    const now = clock.now();
    if (now - row.created_at >= patienceMs) return giveUp(error);
    await changeStatus(db, row, { attempts: row.attempts + 1, next_at: now + Math.min(1000 * 2 ** Math.min(row.attempts, 20), longestWaitMs), unsure: unsure ? 1 : 0, error });
    return null;
  };
  const told = async (): Promise<null> => {
    await changeStatus(db, row, { state: "told", attempts: row.attempts + 1, unsure: 0, error: null });
    return null;
  };
  const on = trigger?.config.on;
  if (on?.kind !== "git" || on.status === null) return giveUp("the trigger tells no host any more");
  const { to, api, repository, token } = on.status;
  if (!mayBeReached(api, settings.webhookAllow)) return giveUp(`${api} is not https; MILLRACE_WEBHOOK_ALLOW names hosts that may be reached by http`);
  const status: CommitStatus = { repository, commit: row.commit_name, verdict: row.verdict, description: row.description, context: `millrace/${row.trigger_name}` };
  let secret: string;
  try {
    secret = await readSecret(token, `The token for ${to}`);
  } catch (error) {
    if (!(error instanceof MillraceError)) throw error;
    return again(error.message, row.unsure === 1);
  }
  if (row.unsure === 1) {
    const known = await send("GET", statusHosts[to].ask(api, secret, status), signal);
    if ("error" in known) return again(known.error, true);
    if (known.status < 200 || known.status >= 300) return mayRecover(known.status) ? again(`${to} answered ${known.status} when it was asked what it knows`, true) : giveUp(`${to} answered ${known.status} when it was asked what it knows${said(known.answer)}`);
    if (statusHosts[to].knows(known.answer, status)) return told();
  }
  await changeStatus(db, row, { unsure: 1 });
  const went = await send("POST", statusHosts[to].tell(api, secret, status), signal);
  if ("error" in went) return again(went.error, went.arrived !== false);
  if (went.status >= 200 && went.status < 300) return told();
  const error = `${to} answered ${went.status}${said(went.answer)}`;
  return mayRecover(went.status) ? again(error, went.status >= 500) : giveUp(error);
}

const mayRecover = (status: number): boolean => status >= 500 || status === 429 || status === 408;

function said(answer: unknown): string {
  const message = typeof answer === "object" && answer !== null ? (answer as Record<string, unknown>)["message"] : undefined;
  return typeof message === "string" ? `: ${message.slice(0, 200)}` : "";
}

/** Tokens go over TLS, or to this machine, or to whom the settings allow. */
function mayBeReached(api: string, allow: readonly string[]): boolean {
  const { protocol, hostname } = new URL(api);
  return protocol === "https:" || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname) || allow.some((pattern) => (pattern.startsWith("*.") ? hostname.endsWith(pattern.slice(1)) : hostname === pattern));
}

async function send(method: "GET" | "POST", { url, headers, body }: Request, signal: AbortSignal | undefined): Promise<Went> {
  try {
    // A redirect would carry the token elsewhere.
    const response = await fetch(url, { method, headers, redirect: "manual", signal: AbortSignal.any([AbortSignal.timeout(attemptMs), ...(signal ? [signal] : [])]), ...(body === undefined ? {} : { body }) });
    const text = await response.text();
    return { status: response.status, answer: response.headers.get("content-type")?.includes("json") ? jsonOf(text) : undefined };
  } catch (error) {
    signal?.throwIfAborted();
    const code = ((error as Error).cause as NodeJS.ErrnoException | undefined)?.code;
    return { arrived: code === "ECONNREFUSED" || code === "ENOTFOUND" || code === "EAI_AGAIN" || code === "ENETUNREACH" || code === "EHOSTUNREACH" ? false : undefined, error: `it could not be reached: ${describeError(error)}` };
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // A proxy's page under a JSON type tells nothing of the status.
    return undefined;
  }
}
