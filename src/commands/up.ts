import { once } from "node:events";
import colors from "picocolors";
import type { Command } from "../cli/command.ts";
import { resolveSettings } from "../config.ts";
import { startServer } from "../server.ts";
import { stages } from "../stages.ts";
import { artifactsOption } from "./home-options.ts";

export const serverOptions = {
  "--database <url>": "keep the metadata in PostgreSQL: postgres://user:password@host:port/name (MILLRACE_DATABASE; SQLite in the home folder)",
  ...artifactsOption,
  "--port <n>": "port of the API and the pages (MILLRACE_PORT; 5000; 0 takes any free one)",
  "--gateway-port <n>": "port of the gateway, whose gRPC takes the one after it (MILLRACE_GATEWAY_PORT; 8080; 0 takes any free ones)",
  "--host <address>": "address to listen on (MILLRACE_HOST; 127.0.0.1)",
  "--python <file>": "the interpreter for Python models that are deployed; without one none may be, as they run their makers' code (MILLRACE_PYTHON)",
  "--memory-limit <size>": "memory that the gateway's models may take together, such as 2GiB; the least recently used ones make room and come back when asked (MILLRACE_MEMORY_LIMIT; unlimited)",
  "--artifact-root <uri>": "where clients keep artifacts (MILLRACE_ARTIFACT_ROOT; mlflow-artifacts:, which sends them to this server)",
  "--log-level <level>": "trace, debug, info, warn, error or silent (MILLRACE_LOG_LEVEL; warn)",
} as const;

export const upCommand: Command = {
  name: "up",
  summary: "Starts the server and the gateway, and keeps the loops turning until interrupted",
  example: "millrace up --home ./mill --port 5000 --gateway-port 8080",
  options: {
    ...serverOptions,
    "--backup <dir>": "back the home up into this folder by itself (MILLRACE_BACKUP; not at all)",
    "--backup-every <duration>": "how often (MILLRACE_BACKUP_EVERY; 24h)",
    "--backup-keep <rule>": "which backups are kept, as for `millrace backup --keep` (MILLRACE_BACKUP_KEEP; last=3,daily=7,weekly=4)",
  },
  run: async ({ settings, json, say, signal }) => {
    const started = performance.now();
    // A parent that started us with a channel and is gone wants us gone too; it may go while we start, or before.
    const orphaned = process.connected ? once(process, "disconnect") : process.env["MILLRACE_BOUND"] === "1" ? Promise.resolve() : new Promise(() => undefined);
    process.channel?.unref();
    const resolved = resolveSettings(settings, process.env);
    const server = await startServer(resolved, stages);
    const { url, gateway } = server.address;
    if (json) process.stdout.write(`${JSON.stringify({ url, gateway, home: resolved.home, pid: process.pid })}\n`);
    else say(`${colors.bold("millrace")} is up after ${Math.round(performance.now() - started)} ms\n  pages and API  ${url}\n  gateway        ${gateway}\n  home           ${resolved.home}\nCtrl-C stops it.`);
    if (!signal.aborted) await Promise.race([once(signal, "abort"), orphaned]);
    say("stopping …");
    await server.stop();
    return { data: { stopped: true }, text: "" };
  },
};
