import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError } from "../../http/client.ts";
import { trackingApi } from "./tracking-api.ts";
import type { RunsView } from "./use-run-rows.ts";

const example = "metrics.rmse < 50 AND params.algorithm = 'gradient-boosting'";

const usage = (
  <>
    metrics, params, tags, attributes and datasets, with <code>= != &lt; &gt; LIKE IN IS NULL</code>, <code>AND OR NOT</code> and parentheses; text in quotes
  </>
);

/** The box for the search language: applied by Enter, an error stands right below what was typed. */
export function FilterBox({ filter, view, onChange }: { filter: string; view: RunsView; onChange: (filter: string) => void }) {
  const [text, setText] = useState(filter);
  const { experiment, lifecycle } = view;
  const check = useQuery({
    queryKey: ["tracking", "filter", experiment, lifecycle, filter],
    enabled: filter !== "",
    queryFn: ({ signal }) => trackingApi("POST /experiments/:id/runs", { params: { id: experiment }, body: { filter, lifecycle, level: "all", columns: [], offset: 0, limit: 1 } }, { signal }),
    retry: false,
  });
  const error = check.error instanceof ApiError ? check.error : null;
  return (
    <search><form className="filter" onSubmit={(event) => { event.preventDefault(); onChange(text.trim()); }}>
      <label className="visually-hidden" htmlFor="run-filter">Filter runs</label>
      <input
        id="run-filter"
        className="input"
        value={text}
        placeholder={example}
        spellCheck={false}
        autoComplete="off"
        aria-invalid={error !== null}
        aria-describedby="run-filter-note"
        onChange={(event) => setText(event.target.value)}
      />
      <button type="submit" className="button">Filter</button>
      {filter === "" ? null : <button type="button" className="button quiet" onClick={() => onChange("")}>Clear</button>}
      <p id="run-filter-note" className={error ? "filter-error" : "small muted"} role={error ? "alert" : undefined}>
        {error ? <>{error.message}. An example: <code>{example}</code></> : usage}
      </p>
    </form></search>
  );
}
