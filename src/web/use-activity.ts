import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api } from "./api.ts";

export interface Activity {
  readonly models: readonly string[];
  /** Whether something is going on: a pipeline runs, or a loop has turned within the last half minute. */
  readonly busy: boolean;
  /** The model to show: the one asked for, else the first. */
  readonly modelOf: (asked: string | undefined) => string | null;
}

/** Which models there are (those a pipeline works for, though none has passed the gate, too) and whether anything moves, which is looked at every two seconds. */
export function useActivity(): Activity {
  const options = { refetchInterval: 2000 } as const;
  // Models come seldom, and there may be thousands.
  const models = useQuery({ queryKey: ["registry", "models"], queryFn: ({ signal }) => api.registry("GET /models", { signal }), refetchInterval: 10_000 });
  const loops = useQuery({ queryKey: ["loops"], queryFn: ({ signal }) => api.optimization("GET /loops", { signal }), ...options });
  const recent = useQuery({ queryKey: ["pipelines", "recent"], queryFn: ({ signal }) => api.pipelines("GET /runs", { query: { limit: 50 } }, { signal }), ...options });
  const runs = recent.data?.runs ?? [];
  const names = [...new Set([...(loops.data?.loops ?? []).map((loop) => loop.endpoint), ...(models.data?.models ?? []).map((model) => model.name), ...runs.map((run) => run.model)])];
  // Only of what has a loop: a model that clients registered has none.
  const turning = useTurning(loops.data?.loops[0]?.endpoint);
  return {
    models: names,
    busy: runs.some((run) => run.state === "running") || turning,
    modelOf: (asked) => asked ?? names[0] ?? null,
  };
}

const settle = 30_000;

/** Whether the loop's own time has moved within the last half minute. */
function useTurning(endpoint: string | undefined): boolean {
  const queries = useQueryClient();
  const queryKey = ["loop-turns", endpoint];
  const { data } = useQuery({
    queryKey,
    enabled: endpoint !== undefined,
    queryFn: async ({ signal }): Promise<Turns> => {
      const { tick } = await api.optimization("GET /loops/:endpoint", { params: { endpoint: endpoint! } }, { signal });
      const [now, time, before] = [Date.now(), tick?.time ?? 0, queries.getQueryData<Turns>(queryKey)];
      return { time, now, movedAt: before && before.time !== time ? now : (before?.movedAt ?? 0) };
    },
    refetchInterval: 2000,
    retry: false,
  });
  return data !== undefined && data.now - data.movedAt < settle;
}

/** The loop's own time as it was seen at `now`, and when it was last seen to move (0: not yet). */
interface Turns {
  readonly time: number;
  readonly now: number;
  readonly movedAt: number;
}
