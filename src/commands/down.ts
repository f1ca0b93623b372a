import type { Command } from "../cli/command.ts";
import { runningServer } from "../cli/find-server.ts";
import { resolveSettings } from "../config.ts";

export const downCommand = (): Command => ({
  name: "down",
  summary: "Stops the server and the gateway of a home folder",
  example: "millrace down --home ./mill",
  run: async ({ settings }) => {
    const { home } = resolveSettings(settings, process.env);
    const server = await runningServer(home);
    if (!server) return { data: { stopped: false }, text: `No server runs on ${home}.` };
    process.kill(server.pid, "SIGTERM");
    await ended(server.pid);
    return { data: { stopped: true, pid: server.pid }, text: `Stopped the server of ${home} (process ${server.pid}).` };
  },
});

async function ended(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
