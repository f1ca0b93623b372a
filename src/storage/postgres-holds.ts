import type { Client } from "pg";
import type { Holds } from "./holds.ts";
import { lockKey } from "./transactions.ts";

/**
 * Holds as advisory locks of one session, which PostgreSQL takes back when the session ends. A session that is lost is opened again at the
 * next question; what it held is then free for all, and has to be taken anew. What is held has other keys than what transactions lock: a name may be both.
 */
export function openPostgresHolds(newClient: () => Client, explain: (error: unknown) => unknown): Holds & { readonly close: () => Promise<void> } {
  const held = new Set<string>();
  let session: Client | undefined;
  let turn: Promise<unknown> = Promise.resolve();

  const forget = (client: Client): void => {
    if (session !== client) return;
    session = undefined;
    held.clear();
  };
  const open = async (): Promise<Client> => {
    const client = newClient();
    client.on("error", () => forget(client));
    client.on("end", () => forget(client));
    await client.connect();
    // A machine that vanishes without a word is found out in half a minute.
    await client.query("select set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)");
    return client;
  };
  const ask = async (text: string, values: readonly string[]): Promise<boolean> => {
    try {
      session ??= await open();
      const { rows } = await session.query<{ answer: boolean }>(text, [...values]);
      return rows[0]?.answer ?? false;
    } catch (error) {
      const lost = session;
      if (lost) {
        forget(lost);
        lost.end().catch(() => undefined);
      }
      throw explain(error);
    }
  };
  /** One after another: a session counts how often it has taken a lock. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work);
    turn = mine.catch(() => undefined);
    return mine;
  };

  return {
    shared: true,
    take: (name) =>
      inTurn(async () => {
        // Asked also for what is held: the session may be gone, and the name with it.
        if (held.has(name)) await ask("select true as answer", []);
        if (held.has(name)) return true;
        const taken = await ask(`select pg_try_advisory_lock(${lockKey("'held ' || $1::text")}) as answer`, [name]);
        if (taken) held.add(name);
        return taken;
      }),
    give: (name) =>
      inTurn(async () => {
        if (held.delete(name)) await ask(`select pg_advisory_unlock(${lockKey("'held ' || $1::text")}) as answer`, [name]);
      }),
    close: () => inTurn(async () => session?.end()),
  };
}
