import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useContext, useEffect, useState } from "react";
import { PollInterval } from "../../ui/live-query.ts";
import type { RunRow } from "../run-table.ts";
import type { Unfolded } from "./row-layout.ts";
import { trackingApi } from "./tracking-api.ts";

/** Which runs are looked at; the same words as the API's. */
export interface RunsView {
  readonly experiment: string;
  readonly filter?: string | undefined;
  readonly sort?: string | undefined;
  readonly lifecycle: "active" | "deleted";
  /** Nested runs are below their parents, not beside them. */
  readonly nested: boolean;
  readonly columns: readonly string[];
}

const pageSize = 100;

export interface RunRows {
  /** Undefined until the first answer. */
  readonly total: number | undefined;
  readonly error: Error | null;
  /** A run at the top by its number; undefined while its page is on the way. */
  readonly rowAt: (index: number) => RunRow | undefined;
  readonly unfolded: readonly Unfolded<RunRow>[];
}

/**
 * The rows of a view around what is visible, fetched a hundred at a time as somebody scrolls; and the nested runs of those unfolded.
 * `open` says which these are, and where each stood at the top (-1: below another).
 */
export function useRunRows(view: RunsView, visible: { readonly first: number; readonly last: number }, open: ReadonlyMap<string, number>): RunRows {
  const refetchInterval = useContext(PollInterval);
  const settled = useSettled(visible);
  const first = useQuery({ ...pageQuery(view, 0), refetchInterval, placeholderData: keepPreviousData });
  const total = first.data?.total;
  const [from, to] = [Math.max(1, Math.floor(settled.first / pageSize)), Math.floor(Math.min(settled.last, (total ?? 1) - 1) / pageSize)];
  const numbers = Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
  const pages = useQueries({ queries: numbers.map((number) => ({ ...pageQuery(view, number), refetchInterval })) });
  const rowAt = (index: number): RunRow | undefined => {
    const page = Math.floor(index / pageSize);
    return (page === 0 ? first.data : pages[page - from]?.data)?.runs[index % pageSize];
  };

  // Where an unfolded run stands: where it is now if its page is there, for runs come and go; else where it was unfolded.
  const places = new Map(open);
  for (const [page, data] of [[0, first.data], ...numbers.map((number, index) => [number, pages[index].data] as const)] as const) {
    data?.runs.forEach((row, index) => open.has(row.id) && places.set(row.id, page * pageSize + index));
  }
  const nested = useQueries({ queries: [...open.keys()].map((id) => ({ ...childrenQuery(view, id), refetchInterval })) });
  const childrenOf = new Map([...open.keys()].map((id, index) => [id, nested[index].data?.runs ?? []]));
  const below = (id: string, depth: number): { row: RunRow; depth: number }[] =>
    (childrenOf.get(id) ?? []).flatMap((row) => [{ row, depth }, ...(depth < 10 && open.has(row.id) ? below(row.id, depth + 1) : [])]);
  const unfolded = !view.nested ? [] : [...places]
    .flatMap(([id, after]) => (after < 0 || after >= (total ?? 0) ? [] : [{ after, below: below(id, 1) }]))
    .toSorted((one, other) => one.after - other.after);
  return { total, error: first.error, rowAt, unfolded };
}

const bodyOf = ({ filter, sort, lifecycle, columns }: RunsView, level: string) => ({
  ...(filter ? { filter } : {}),
  ...(sort ? { sort } : {}),
  lifecycle,
  level,
  columns: columns.filter((column) => !column.startsWith("attributes.")),
});

const pageQuery = (view: RunsView, page: number) => ({
  queryKey: ["tracking", "rows", view, page],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    trackingApi("POST /experiments/:id/runs", { params: { id: view.experiment }, body: { ...bodyOf(view, view.nested ? "top" : "all"), offset: page * pageSize, limit: pageSize } }, { signal }),
  gcTime: 60_000,
});

const childrenQuery = (view: RunsView, id: string) => ({
  queryKey: ["tracking", "children", view, id],
  queryFn: ({ signal }: { signal: AbortSignal }) =>
    trackingApi("POST /experiments/:id/runs", { params: { id: view.experiment }, body: { ...bodyOf({ ...view, filter: undefined }, id), offset: 0, limit: 1000 } }, { signal }),
});

/** What is visible, once the scrolling rests for a moment: pages that fly by are not asked for. */
function useSettled(visible: { readonly first: number; readonly last: number }): { readonly first: number; readonly last: number } {
  const [settled, setSettled] = useState(visible);
  const { first, last } = visible;
  useEffect(() => {
    const timer = setTimeout(() => setSettled({ first, last }), 60);
    return () => clearTimeout(timer);
  }, [first, last]);
  return settled;
}
