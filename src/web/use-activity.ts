import { useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { api } from "./api.ts";

export interface Activity {
  readonly models: readonly string[];
  /** Whether something is going on: a pipeline runs, or a loop has turned within the last half minute. */
  readonly busy: boolean;
  /** The model to show: the one asked for, else the first. */
  readonly modelOf: (asked: string | undefined) => string | null;
}

/** Which models there are and whether anything moves; looked at every two seconds. */
export function useActivity(): Activity {
  const options = { refetchInterval: 2000 } as const;
  const models = useQuery({ queryKey: ["models"], queryFn: ({ signal }) => api.registry("GET /models", { signal }), ...options });
  const loops = useQuery({ queryKey: ["loops"], queryFn: ({ signal }) => api.optimization("GET /loops", { signal }), ...options });
  const running = useQuery({
    queryKey: ["pipelines", "running"],
    queryFn: ({ signal }) => api.pipelines("GET /runs", { query: { state: "running", limit: 1 } }, { signal }),
    ...options,
  });
  const names = [...new Set([...(loops.data?.loops ?? []).map((loop) => loop.endpoint), ...(models.data?.models ?? []).map((model) => model.name)])];
  const turning = useTurning(names[0]);
  return {
    models: names,
    busy: (running.data?.runs.length ?? 0) > 0 || turning,
    modelOf: (asked) => asked ?? names[0] ?? null,
  };
}

const settle = 30_000;

/** Whether the loop's own time has moved within the last half minute. */
function useTurning(endpoint: string | undefined): boolean {
  const [moved, setMoved] = useState(0);
  const [now, setNow] = useState(0);
  const ticks = useQuery({
    queryKey: ["loop-ticks", endpoint],
    enabled: endpoint !== undefined,
    queryFn: async ({ signal }) => (await api.optimization("GET /loops/:endpoint", { params: { endpoint: endpoint! } }, { signal })).tick?.time ?? 0,
    refetchInterval: 2000,
    retry: false,
  });
  const [seen, setSeen] = useState<number | undefined>(undefined);
  useEffect(() => {
    setNow(ticks.dataUpdatedAt);
    if (ticks.data === undefined || ticks.data === seen) return;
    if (seen !== undefined) setMoved(ticks.dataUpdatedAt);
    setSeen(ticks.data);
  }, [ticks.data, ticks.dataUpdatedAt, seen]);
  return moved > 0 && now - moved < settle;
}
