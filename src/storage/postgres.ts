import { Kysely, PostgresDialect, sql, type PostgresPool, type PostgresPoolClient, type PostgresQueryResult } from "kysely";
import { Client, Pool, types, type PoolClient } from "pg";
import type { Database } from "./database.ts";
import { provideHolds } from "./holds.ts";
import { explainFailure, unfit } from "./postgres-errors.ts";
import { openPostgresHolds } from "./postgres-holds.ts";

/** Connections of one server; writes use one at a time (`group-commit.ts`), reads and pipelines the others. */
const mostConnections = 8;
const patienceMs = 10_000;

/**
 * Opens the PostgreSQL database of a URL (`postgres://user:password@host:port/name`), in its first schema of the search path. Throws
 * `storage.bad_database` when it is not fit, or refuses us, and `storage.database_unavailable` when it does not answer; so does every
 * statement while the server is away. What comes after its return is connected anew. A transaction that is committed is on the disk.
 */
export async function openPostgres(url: string): Promise<Database> {
  const settings = { connectionString: url, application_name: "millrace", keepAlive: true, connectionTimeoutMillis: patienceMs, types: { getTypeParser } };
  const holds = openPostgresHolds(() => new Client(settings), (error) => explainFailure(error, url));
  const pool = preparing(new Pool({ ...settings, max: mostConnections }), (error) => explainFailure(error, url), holds.close);
  const db: Database = new Kysely({ dialect: new PostgresDialect({ pool }) });
  try {
    await checkFit(db);
  } catch (error) {
    await db.destroy();
    throw error;
  }
  provideHolds(db, holds);
  return db;
}

/**
 * Whatever the server's defaults: a commit waits for the disk (or for more, where the server says so), and neither a process that halts
 * amid a transaction nor a machine that vanishes keeps its locks.
 */
const sessionSettings = `select set_config('synchronous_commit', case current_setting('synchronous_commit') when 'off' then 'on' else current_setting('synchronous_commit') end, false),
  set_config('idle_in_transaction_session_timeout', '60s', false), set_config('tcp_keepalives_idle', '10', false), set_config('tcp_keepalives_interval', '5', false),
  set_config('tcp_keepalives_count', '3', false)`;

async function checkFit(db: Database): Promise<void> {
  const { rows } = await sql<{ encoding: string; schema: string | null; name: string; role: string; may: boolean | null }>`
    select current_setting('server_encoding') as encoding, current_schema() as schema, current_database() as name, current_user as role,
      has_schema_privilege(current_user, current_schema(), 'create') as may`.execute(db);
  const { encoding, schema, name, role, may } = rows[0];
  if (encoding !== "UTF8") throw unfit(`The database ${name} is encoded as ${encoding}; Millrace needs UTF8: create database ${name} encoding 'UTF8' template template0`);
  if (schema === null) throw unfit(`No schema of the search path is there in the database ${name}; make one (create schema), or set another search_path`);
  if (may !== true) throw unfit(`The user ${role} may not make tables in the schema ${schema} of the database ${name}; make it the owner: alter database ${name} owner to ${role}`);
}

/** Numbers as JavaScript has them: counts and moments (int8) are well within 2^53; a zero has no sign, as in SQLite. */
const numeric = new Set<number>([types.builtins.INT8, types.builtins.FLOAT4, types.builtins.FLOAT8, types.builtins.NUMERIC]);
const getTypeParser = ((oid: number, format?: "text" | "binary") =>
  numeric.has(oid) ? (text: string) => Number(text) + 0 : types.getTypeParser(oid, format)) as typeof types.getTypeParser;

/** Texts of statements kept prepared by each connection, and how long one may be: long ones are inserts of many rows, seldom seen twice. */
const mostPrepared = 200;
const longestPrepared = 4000;

/** The pool as Kysely sees it: a statement that a connection sees again is prepared, and failures say what is wrong. */
function preparing(pool: Pool, explain: (error: unknown) => unknown, closeHolds: () => Promise<void>): PostgresPool {
  // A connection that breaks while nobody uses it is taken out by the pool; whoever uses one is told by the statement.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  const clients = new WeakMap<PoolClient, PostgresPoolClient>();
  return {
    options: pool.options,
    connect: async () => {
      let client: PoolClient | undefined;
      try {
        client = await pool.connect();
        const known = clients.get(client);
        if (known) return known;
        await client.query(sessionSettings);
        const fresh = preparingClient(client, explain);
        clients.set(client, fresh);
        return fresh;
      } catch (error) {
        client?.release(true);
        throw explain(error);
      }
    },
    end: async () => {
      await closeHolds();
      await pool.end();
    },
  };
}

function preparingClient(client: PoolClient, explain: (error: unknown) => unknown): PostgresPoolClient {
  const names = new Map<string, string>();
  /** The name under which a statement is prepared: from the second time on. */
  const nameOf = (text: string): string | undefined => {
    const name = names.get(text);
    if (name === undefined && names.size < mostPrepared && text.length <= longestPrepared) names.set(text, `m${names.size}`);
    return name;
  };
  const query = async (text: string, values: readonly unknown[]): Promise<PostgresQueryResult<unknown>> => {
    try {
      const name = values.length > 0 ? nameOf(text) : undefined;
      return (await client.query({ text, values: [...values], ...(name === undefined ? {} : { name }) })) as unknown as PostgresQueryResult<unknown>;
    } catch (error) {
      throw explain(error);
    }
  };
  return { query: query as PostgresPoolClient["query"], release: (destroy) => client.release(destroy) };
}
