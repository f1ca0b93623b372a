import type { Command } from "../cli/command.ts";
import { runningServer } from "../cli/find-server.ts";
import { resolveSettings } from "../config.ts";
import { alive } from "../process-alive.ts";

export const downCommand = (): Command => ({
  name: "down",
  summary: "Stops the server and the gateway of a home folder",
  example: "millrace down --home ./mill",
  run: async ({ settings }) => {
    const { home } = resolveSettings(settings, process.env);
    const server = await runningServer(home);
    if (!server) return { data: { stopped: false }, text: `No server runs on ${home}.` };
    process.kill(server.pid, "SIGTERM");
    while (alive(server.pid)) await new Promise((resolve) => setTimeout(resolve, 50));
    return { data: { stopped: true, pid: server.pid }, text: `Stopped the server of ${home} (process ${server.pid}).` };
  },
});
