import { useQuery } from "@tanstack/react-query";
import { ApiError } from "../../http/client.ts";
import { FilterForm } from "./filter-form.tsx";
import { trackingApi } from "./tracking-api.ts";
import type { RunsView } from "./use-run-rows.ts";

const example = "metrics.rmse < 50 AND params.algorithm = 'gradient-boosting'";

const usage = (
  <>
    metrics, params, tags, attributes and datasets, with <code>= != &lt; &gt; LIKE IN IS NULL</code>, <code>AND OR NOT</code> and parentheses; text in quotes
  </>
);

/** The box for the search language over runs; the server says what is wrong with a filter. */
export function FilterBox({ filter, view, onChange }: { filter: string; view: RunsView; onChange: (filter: string) => void }) {
  const { experiment, lifecycle } = view;
  const check = useQuery({
    queryKey: ["tracking", "filter", experiment, lifecycle, filter],
    enabled: filter !== "",
    queryFn: ({ signal }) => trackingApi("POST /experiments/:id/runs", { params: { id: experiment }, body: { filter, lifecycle, level: "all", columns: [], offset: 0, limit: 1 } }, { signal }),
    retry: false,
  });
  const error = check.error instanceof ApiError ? check.error : null;
  return <FilterForm label="Filter runs" filter={filter} example={example} usage={usage} error={error} onChange={onChange} />;
}
