import { Readable } from "node:stream";
import { MillraceError } from "../../errors.ts";

/** Statuses that a moment may heal. */
const passing = new Set([429, 502, 503, 504]);
const mostTries = 4;

export type Message = Readonly<Record<string, unknown>>;

/** MLflow's REST protocol as an import uses it: it reads. Credentials as MLflow's own clients take them, from the address or the environment. */
export interface ServerClient {
  /** `path` is below `/api/`: `2.0/mlflow/runs/search`. Throws `mlflow.source_failed` with the server's words. */
  get(path: string, query: Readonly<Record<string, string | number>>): Promise<Message>;
  post(path: string, body: object): Promise<Message>;
  /** Bytes of an address below the server's root. */
  bytes(path: string): Promise<Readable>;
}

export function openServerClient(address: string, env: Readonly<Record<string, string | undefined>>): ServerClient {
  const url = new URL(address);
  const [user, password] = url.username === "" ? [env["MLFLOW_TRACKING_USERNAME"], env["MLFLOW_TRACKING_PASSWORD"]] : [decodeURIComponent(url.username), decodeURIComponent(url.password)];
  const token = env["MLFLOW_TRACKING_TOKEN"];
  const authorization = user === undefined ? (token === undefined ? undefined : `Bearer ${token}`) : `Basic ${Buffer.from(`${user}:${password ?? ""}`).toString("base64")}`;
  const base = `${url.origin}${url.pathname.replace(/\/+$/, "")}`;

  const ask = async (path: string, init: RequestInit = {}): Promise<Response> => {
    for (let tries = 1; ; tries++) {
      const answer = await fetch(`${base}/${path}`, { ...init, headers: { ...(init.headers as Record<string, string>), ...(authorization === undefined ? {} : { authorization }) } }).catch((error: unknown) => {
        if (tries < mostTries) return undefined;
        const cause = error instanceof Error && error.cause instanceof Error ? ` (${error.cause.message})` : "";
        throw new MillraceError("mlflow.source_failed", 503, `The MLflow server at ${base} does not answer${cause}`);
      });
      if (answer?.ok) return answer;
      if (answer && (tries >= mostTries || !passing.has(answer.status))) {
        const said = await answer.text();
        throw new MillraceError("mlflow.source_failed", answer.status === 404 ? 404 : 502, `The MLflow server at ${base} answered ${answer.status} to ${path.split("?")[0]}: ${said.slice(0, 300)}`);
      }
      await answer?.body?.cancel();
      await new Promise((resolve) => setTimeout(resolve, 250 * 4 ** (tries - 1)));
    }
  };
  return {
    get: async (path, query) => (await (await ask(`api/${path}?${new URLSearchParams(Object.entries(query).map(([key, value]) => [key, String(value)])).toString()}`)).json()) as Message,
    post: async (path, body) => (await (await ask(`api/${path}`, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } })).json()) as Message,
    bytes: async (path) => {
      const { body } = await ask(path);
      return body === null ? Readable.from([]) : Readable.fromWeb(body as never);
    },
  };
}

/** All entries of a list that is answered in pages. */
export async function* inPages(key: string, page: (token: string | undefined) => Promise<Message>): AsyncIterable<Message> {
  for (let token: string | undefined; ; ) {
    const answer = await page(token);
    yield* listOf(answer, key);
    token = textOf(answer, "next_page_token") || undefined;
    if (token === undefined) return;
  }
}

export const listOf = (message: Message | undefined, key: string): readonly Message[] => (message?.[key] as Message[] | undefined) ?? [];
export const textOf = (message: Message, key: string): string => ((message[key] as string | number | undefined) ?? "").toString();
export const numberOf = (message: Message, key: string): number => Number(message[key] ?? 0);
export const pairsOf = (message: Message | undefined, key: string): { key: string; value: string }[] => listOf(message, key).map((pair) => ({ key: textOf(pair, "key"), value: textOf(pair, "value") }));
export const recordOf = (message: Message | undefined, key: string): Record<string, string> => Object.fromEntries(pairsOf(message, key).map((pair) => [pair.key, pair.value]));
