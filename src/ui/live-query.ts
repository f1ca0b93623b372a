import { keepPreviousData, useQuery, type UseQueryResult } from "@tanstack/react-query";
import { createContext, useContext } from "react";

/** Milliseconds between two looks at what can change; the shell sets it by whether something is going on. */
export const PollInterval = createContext(10_000);

type Fetch<T> = (signal: AbortSignal) => Promise<T>;

/** Something that can change at any time: asked for again and again while the page is open. `null` as key: nothing to ask for yet. */
export function useLiveQuery<T>(key: readonly unknown[] | null, fetch: Fetch<T>): UseQueryResult<T> {
  const refetchInterval = useContext(PollInterval);
  return useQuery({ queryKey: key ?? [], enabled: key !== null, queryFn: ({ signal }) => fetch(signal), refetchInterval, placeholderData: keepPreviousData });
}

const minute = 60_000;

/** Something that costs the server time to say (sums over millions of points): asked for again when its key changes, which carries what tells of changes, and once a minute. */
export function useCostlyQuery<T>(key: readonly unknown[], fetch: Fetch<T>): UseQueryResult<T> {
  return useQuery({ queryKey: key, queryFn: ({ signal }) => fetch(signal), staleTime: minute, refetchInterval: minute, placeholderData: keepPreviousData });
}

/** Something that never changes once it is there (a dataset version, the rows of a table): asked for once. */
export function useFixedQuery<T>(key: readonly unknown[] | null, fetch: Fetch<T>): UseQueryResult<T> {
  return useQuery({ queryKey: key ?? [], enabled: key !== null, queryFn: ({ signal }) => fetch(signal), staleTime: Infinity });
}
