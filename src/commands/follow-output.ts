import { plainText } from "../cli/plain-text.ts";
import { client } from "../http/client.ts";
import type { PipelineRoutes } from "../pipelines/routes.ts";
import type { PipelineRun } from "../stage.ts";

/**
 * Tells what the commands of a pipeline's steps print, line by line, as often as it is asked to look. A line that is not whole yet is told when it is, or when its
 * step has ended.
 */
export function outputFollower(server: string, tell: (line: string) => void, signal: AbortSignal): (run: PipelineRun) => Promise<void> {
  const api = client<PipelineRoutes>(server, "pipelines");
  const told = new Map<string, { next: number; open: string; ended: boolean }>();
  return async (run) => {
    for (const { id, state } of run.steps) {
      const isCommand = run.spec.steps.find((step) => step.id === id)?.params["algorithm"] === "run";
      const known = told.get(id) ?? { next: 0, open: "", ended: false };
      if (!isCommand || state === "waiting" || known.ended) continue;
      told.set(id, known);
      for (;;) {
        const { text, next, ended } = await api("GET /runs/:id/steps/:step/output", { params: { id: run.id, step: id }, query: { from: known.next } }, { signal });
        const lines = plainText(known.open + text).split("\n");
        known.open = ended ? "" : lines.pop()!;
        for (const line of lines) if (line.trim() !== "") tell(line);
        known.ended = ended;
        const isMore = next !== known.next;
        known.next = next;
        // What has ended is read to its end.
        if (!isMore || state === "running") break;
      }
    }
  };
}
