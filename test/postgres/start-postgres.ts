import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { Client } from "pg";

const run = promisify(execFile);

export interface TestPostgres {
  /** An empty database; its password needs percent code. */
  readonly url: string;
  /** Ends it as `kill -9` would, and starts it again on the same data and port. */
  readonly crash: () => Promise<void>;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** A database that sorts as people do, not by bytes: what relies on bytes must say so. */
const foreign = ["--locale", "C.UTF-8", "--locale-provider", "icu", "--icu-locale", "en-US"];

const user = "millrace";
const password = "p@ss/word%";

/**
 * A PostgreSQL server of the system's package on a free port of this machine, its data in a temporary folder, with fsync as in life. Commits do not
 * wait for the disk by default, so that Millrace must say that its own do.
 */
export async function startPostgres(): Promise<TestPostgres> {
  const binaries = findBinaries();
  const folder = await mkdtemp(join(tmpdir(), "millrace-postgres-"));
  const who = process.getuid?.() === 0 ? await postgresUser() : undefined;
  const data = join(folder, "data");
  const secret = join(folder, "password");
  await writeFile(secret, password);
  await chmod(folder, 0o755);
  if (who) for (const path of [folder, secret]) await chown(path, who.uid, who.gid);
  await run(join(binaries, "initdb"), ["-D", data, "-U", user, "-A", "scram-sha-256", "--pwfile", secret, "-E", "UTF8", ...foreign, "--no-sync"], { ...who, cwd: folder });
  const port = await freePort();
  const url = `postgres://${user}:${encodeURIComponent(password)}@127.0.0.1:${port}/postgres`;
  let child: ChildProcess | undefined;
  let exited: Promise<unknown> = Promise.resolve();
  const start = async (): Promise<void> => {
    const settings = { port, listen_addresses: "127.0.0.1", unix_socket_directories: "", max_connections: 400, shared_buffers: "64MB", fsync: "on", synchronous_commit: "off", max_locks_per_transaction: 256 };
    const started = spawn(join(binaries, "postgres"), ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])], { ...who, cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
    child = started;
    let said = "";
    started.stderr.on("data", (part: Buffer) => (said = (said + String(part)).slice(-4000)));
    exited = once(started, "exit");
    const deadline = performance.now() + 30_000;
    for (;;) {
      const client = new Client({ connectionString: url });
      const failure = await client.connect().then(
        () => undefined,
        (error: Error) => error,
      );
      if (failure === undefined) return client.end();
      if (started.exitCode !== null || performance.now() > deadline) throw new Error(`PostgreSQL did not start (${failure.message}): ${said}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child?.kill(signal);
    await exited;
  };
  await start();
  return {
    url,
    start,
    crash: () => end("SIGQUIT"),
    stop: async () => {
      await end("SIGINT");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Debian keeps the programs out of the PATH, in a folder for each version. */
function findBinaries(): string {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(root, version, "bin")), ...(process.env["PATH"] ?? "").split(":")];
  const found = folders.find((folder) => existsSync(join(folder, "initdb")) && existsSync(join(folder, "postgres")));
  if (found === undefined) throw new Error("These tests need PostgreSQL's programs (initdb, postgres), which are not on this machine: apt-get install postgresql");
  return found;
}

/** PostgreSQL refuses to run as root; the package brings a user for it. */
async function postgresUser(): Promise<{ readonly uid: number; readonly gid: number }> {
  const id = async (option: string): Promise<number> => Number((await run("id", [option, "postgres"])).stdout);
  return { uid: await id("-u"), gid: await id("-g") };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, "close");
  return port;
}
