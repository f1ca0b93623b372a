import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { ApiError } from "../http/client.ts";
import type { Health } from "../http/health.ts";

export interface Connection {
  /** What the server last said of itself; undefined before its first answer. */
  readonly health: Health | undefined;
  /** Whether the last question found no server. */
  readonly gone: boolean;
  /** When the server last answered anything, by this machine's clock (ms since the epoch); 0 before the first answer. */
  readonly lastAnswer: number;
}

const whileWell = 5000;
const whileGone = 2000;

/** Whether the server is there. Any question that finds none has it looked at once; when it is back, everything is asked again. */
export function useConnection(): Connection {
  const queries = useQueryClient();
  const { data, isError, dataUpdatedAt, refetch } = useQuery({
    queryKey: ["health"],
    // A damaged database is told with 503, and by the same body; anything that is not its JSON comes from something else at this address.
    queryFn: async ({ signal }): Promise<Health> => (await (await fetch("/health", { signal, cache: "no-store" })).json()) as Health,
    refetchInterval: (query) => (query.state.status === "error" ? whileGone : whileWell),
    retry: false,
  });
  useEffect(
    () =>
      queries.getQueryCache().subscribe((event) => {
        if (event.type === "updated" && event.action.type === "error" && event.action.error instanceof ApiError && event.action.error.code === "http.no_answer") void refetch({ cancelRefetch: false });
      }),
    [queries, refetch],
  );
  const before = useRef(false);
  useEffect(() => {
    if (before.current && !isError) void queries.invalidateQueries({ predicate: ({ queryKey }) => queryKey[0] !== "health" });
    before.current = isError;
  }, [isError, queries]);
  const lastAnswer = isError ? Math.max(...queries.getQueryCache().getAll().map(({ queryKey, state }) => (queryKey[0] === "code" ? 0 : state.dataUpdatedAt))) : dataUpdatedAt;
  return { health: data, gone: isError, lastAnswer };
}
