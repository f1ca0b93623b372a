import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useAddress } from "../../ui/address.ts";
import { Anchor } from "../../ui/anchor.tsx";
import { useCurrentModel } from "../../ui/current-model.ts";
import { CodeBlock } from "../../ui/json-view.tsx";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { EmptyNotice, ErrorNotice } from "../../ui/notice.tsx";
import type { PageProps } from "../../ui/page-entry.ts";
import { Page } from "../../ui/page.tsx";
import { storeChoice, storedChoice } from "../../ui/stored-choice.ts";
import type { ListedExperiment } from "../list-experiments.ts";
import { ExperimentNotes, RenameExperiment } from "./experiment-head.tsx";
import { ExperimentPicker } from "./experiment-picker.tsx";
import { FilterBox } from "./filter-box.tsx";
import { allColumns, readColumns, usualColumns, writeColumns } from "./run-columns.ts";
import { ColumnPicker } from "./column-picker.tsx";
import { RunsTable } from "./runs-table.tsx";
import "./runs.css";
import { SelectionBar } from "./selection-bar.tsx";
import { trackingApi } from "./tracking-api.ts";
import type { RunsView } from "./use-run-rows.ts";

/** All runs of an experiment, to filter, sort, choose and compare: that of the address, else that of the model, else the one with the newest run. */
export function RunsPage({ params }: PageProps) {
  const model = useCurrentModel();
  const asked = params["experiment"];
  const query = useLiveQuery(["tracking", "shown-experiment", asked, asked === undefined ? model : null], (signal) => (asked === undefined ? usualExperiment(model, signal) : trackingApi("GET /experiments/:id", { params: { id: asked } }, { signal })));
  const shown = query.data ?? undefined;
  return (
    <Page
      title={asked !== undefined && shown ? shown.name : "Runs"}
      crumbs={asked === undefined ? [] : [{ title: "Experiments", to: "/experiments" }]}
      lead={asked === undefined ? "Every training with what it was given and what came out, of Millrace's own pipelines and of every MLflow client." : undefined}
      aside={asked === undefined ? <Anchor to="/experiments">All experiments</Anchor> : shown?.lifecycle === "active" ? <RenameExperiment experiment={shown} /> : null}
    >
      <Loaded query={query}>
        {(found) =>
          found === null || (found.runs === 0 && asked === undefined) ? <FirstRun /> : (
            <>
              {found.lifecycle === "deleted" ? <EmptyNotice title="This experiment is deleted"><p>It can be restored among the deleted ones of <Anchor to="/experiments">all experiments</Anchor>.</p></EmptyNotice> : null}
              <Experiment key={found.id} shown={found} />
              {asked === undefined ? null : <ExperimentNotes experiment={found} />}
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

/** The experiment of the model if it has runs, else the one with the newest run; null in a house without any. */
async function usualExperiment(model: string | null, signal: AbortSignal): Promise<ListedExperiment | null> {
  const page = { offset: 0, limit: 1 } as const;
  const [own] = model === null ? [] : (await trackingApi("GET /experiments", { query: { name: model, ...page } }, { signal })).experiments;
  return own ?? (await trackingApi("GET /experiments", { query: { order: "newest_run", ...page } }, { signal })).experiments[0] ?? null;
}

/** What to do when nothing was ever logged. */
function FirstRun() {
  return (
    <EmptyNotice title="No runs yet">
      <p><code>millrace run</code> trains the first model. From Python, with the <code>mlflow</code> client as it is:</p>
      <CodeBlock label="The first run from Python" text={`import mlflow; mlflow.set_tracking_uri("${location.origin}")\nwith mlflow.start_run(): mlflow.log_metric("loss", 0.5)`} />
    </EmptyNotice>
  );
}

function Experiment({ shown }: { shown: ListedExperiment }) {
  const navigate = useNavigate();
  const [address, change] = useAddress();
  const [selected, setSelected] = useState<ReadonlyMap<string, string>>(new Map());
  const lifecycle = address["show"] === "deleted" ? "deleted" : "active";
  const known = useLiveQuery(["tracking", "columns", shown.id, lifecycle], (signal) => trackingApi("GET /experiments/:id/columns", { params: { id: shown.id }, query: { lifecycle } }, { signal }));
  const remembered = `columns.${shown.id}`;
  const chosen = address["columns"] ?? storedChoice(remembered);
  const columns = chosen === undefined ? usualColumns(known.data ?? { metrics: [], params: [], tags: [] }) : readColumns(chosen);
  const choose = (next: readonly string[] | undefined): void => {
    const text = next && (next.length === 0 ? "none" : writeColumns(next));
    storeChoice(remembered, text);
    change({ columns: text });
  };
  // A filter may find a nested run whose parent it does not find, so what it finds stands side by side.
  const nested = lifecycle === "active" && !address["filter"] && address["nest"] !== "no";
  const view: RunsView = { experiment: shown.id, filter: address["filter"], sort: address["sort"], lifecycle, nested, columns };
  const logged = columns.filter((column) => !column.startsWith("attributes."));
  const csv = new URLSearchParams({ columns: JSON.stringify(logged), lifecycle, ...(view.filter ? { filter: view.filter } : {}), ...(view.sort ? { sort: view.sort } : {}) });
  return (
    <section className="panel runs" aria-label={`Runs of ${shown.name}`}>
      <div className="runs-bar">
        <ExperimentPicker name={shown.name} onPick={(id) => void navigate({ to: `/experiments/${encodeURIComponent(id)}` })} />
        <label className="pair">
          <span>Show</span>
          <select className="select" value={lifecycle} onChange={(event) => { setSelected(new Map()); change({ show: event.target.value === "deleted" ? "deleted" : undefined }); }}>
            <option value="active">active</option>
            <option value="deleted">deleted</option>
          </select>
        </label>
        <span className="fill" />
        <button
          type="button"
          className="button"
          aria-pressed={nested}
          disabled={lifecycle === "deleted" || Boolean(address["filter"])}
          title={address["filter"] ? "What a filter finds stands side by side" : undefined}
          onClick={() => change({ nest: nested ? "no" : undefined })}
        >
          Nest runs
        </button>
        <ColumnPicker columns={columns} all={known.data ? allColumns(known.data) : []} of={known.data?.runs ?? 0} onChange={choose} />
        <a className="button" href={`/api/tracking/experiments/${encodeURIComponent(shown.id)}/runs.csv?${csv}`} download>Download CSV</a>
      </div>
      <FilterBox filter={address["filter"] ?? ""} view={view} onChange={(filter) => change({ filter })} />
      <RunsTable
        view={view}
        selected={selected}
        onSelect={(row, on) => setSelected((old) => new Map([...[...old].filter(([id]) => id !== row.id), ...(on ? [[row.id, row.name] as const] : [])]))}
        onSort={(sort) => change({ sort })}
        renderError={(error) => (address["filter"] && "code" in error ? null : <ErrorNotice error={error} />)}
        empty={<Nothing filter={address["filter"]} lifecycle={lifecycle} />}
      />
      <SelectionBar selected={selected} lifecycle={lifecycle} onClear={() => setSelected(new Map())} />
    </section>
  );
}

function Nothing({ filter, lifecycle }: { filter: string | undefined; lifecycle: string }) {
  if (filter) return <EmptyNotice title="No run answers to this filter"><p>Take a part of it away, or clear it to see all runs.</p></EmptyNotice>;
  return lifecycle === "deleted" ? <EmptyNotice title="Nothing is deleted here" /> : <FirstRun />;
}
