import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import type { RunStreamEvents } from "../run-stream.ts";
import type { Series } from "../series.ts";
import { appended } from "./chart-lines.ts";

/** Keeps what is shown of a run up to date while it trains: new points join the charts as they are logged. Says whether it listens. */
export function useRunStream(run: string, live: boolean): boolean {
  const queries = useQueryClient();
  const [listening, setListening] = useState(false);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    if (!live) return undefined;
    const source = new EventSource(`/api/tracking/runs/${encodeURIComponent(run)}/stream${attempt === 0 ? "" : `?attempt=${attempt}`}`);
    const on = <E extends keyof RunStreamEvents>(event: E, hear: (data: RunStreamEvents[E]) => void): void =>
      source.addEventListener(event, (message) => hear(JSON.parse((message as MessageEvent<string>).data) as RunStreamEvents[E]));
    const again = (key?: string): void => void queries.invalidateQueries({ queryKey: key === undefined ? ["tracking", "series", run] : ["tracking", "series", run, key] });
    on("ready", () => {
      setListening(true);
      // What was logged before the stream began to listen.
      again();
    });
    on("points", (points) => {
      for (const [key, news] of Object.entries(points)) {
        for (const [queryKey, series] of queries.getQueriesData<Series>({ queryKey: ["tracking", "series", run, key] })) {
          const range = queryKey[4] as { from?: number };
          const grown = series && range.from === undefined ? appended(series, news) : undefined;
          if (grown) queries.setQueryData(queryKey, grown);
          else if (range.from === undefined) void queries.invalidateQueries({ queryKey });
        }
      }
    });
    on("reload", (keys) => keys.forEach(again));
    on("run", () => {
      void queries.invalidateQueries({ queryKey: ["tracking", "run", run] });
      void queries.invalidateQueries({ queryKey: ["tracking", "metrics", run] });
    });
    let timer: ReturnType<typeof setTimeout> | undefined;
    source.addEventListener("error", () => {
      setListening(false);
      // Where nobody answers the browser tries again by itself; an answer that is no stream (a server that starts or ends) is the last one it takes.
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(() => setAttempt((last) => last + 1), 3000);
    });
    return () => {
      clearTimeout(timer);
      source.close();
      setListening(false);
    };
  }, [run, live, queries, attempt]);
  return listening;
}
