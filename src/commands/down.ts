import { setTimeout as pause } from "node:timers/promises";
import type { Command } from "../cli/command.ts";
import { runningServer } from "../cli/find-server.ts";
import { resolveSettings } from "../config.ts";
import { MillraceError } from "../errors.ts";
import { alive } from "../process-alive.ts";
import { stopGateway } from "../serving/gateway-process.ts";
import { homeHolder } from "../storage/home-lock.ts";

/** How long a server may take to end: requests, steps and the gateway's log come first. */
const patienceMs = 60_000;

export const downCommand = (): Command => ({
  name: "down",
  summary: "Stops what runs of a home folder, the server and the gateway, whoever started them",
  example: "millrace down --home ./mill",
  run: async ({ settings }) => {
    const { home } = resolveSettings(settings, process.env);
    const server = (await homeHolder(home)) ?? (await runningServer(home))?.pid;
    if (server !== undefined) await end(server, home);
    // The server takes its gateway with it; one that was killed leaves it running.
    const gateway = await stopGateway(home);
    const stopped = [...(server === undefined ? [] : [`the server of ${home} (process ${server})`]), ...(gateway === undefined ? [] : [`the gateway of ${home} (process ${gateway})`])];
    return {
      data: { stopped: stopped.length > 0, pid: server ?? null, gateway: gateway ?? null },
      text: stopped.length === 0 ? `Nothing runs of ${home}.` : `Stopped ${stopped.join(" and ")}.`,
    };
  },
});

async function end(pid: number, home: string): Promise<void> {
  const deadline = performance.now() + patienceMs;
  if (alive(pid)) process.kill(pid, "SIGTERM");
  while (alive(pid)) {
    if (performance.now() > deadline) throw new MillraceError("server.stuck", 500, `The server of ${home} (process ${pid}) did not end within ${patienceMs / 1000} s of SIGTERM; \`kill -9 ${pid}\` ends it, and what was answered is safe`);
    await pause(50);
  }
}
