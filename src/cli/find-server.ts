import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Settings } from "../config.ts";
import { MillraceError } from "../errors.ts";

/** What a running server says of itself in `<home>/run/server.json`. */
export interface ServerAddress {
  readonly pid: number;
  readonly url: string;
  readonly gateway: string;
  /** It ends with the process that started it (a tour). */
  readonly bound: boolean;
}

/** The server that runs on a home folder, if one answers. */
export async function runningServer(home: string): Promise<ServerAddress | undefined> {
  const text = await readFile(join(home, "run", "server.json"), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const address = JSON.parse(text) as ServerAddress;
  const answers = await fetch(`${address.url}/health`, { signal: AbortSignal.timeout(5000) }).then(
    // Another server may have taken the port of one that was killed. One whose database is damaged answers, too, and says so with 503.
    async (response) => ((await response.json()) as { pid?: number }).pid === address.pid,
  ).catch(() => false);
  return answers ? address : undefined;
}

/** The address of the server of this home; throws `cli.no_server`, which says how to start one. */
export async function findServer(settings: Settings): Promise<string> {
  const address = await runningServer(settings.home);
  if (address) return address.url;
  throw new MillraceError("cli.no_server", 503, `No server runs on ${settings.home}; start one with \`millrace up --home ${settings.home}\`, or name another home with --home`);
}
