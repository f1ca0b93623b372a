import { useState } from "react";
import { useAddress } from "../../ui/address.ts";
import { Anchor } from "../../ui/anchor.tsx";
import { AskButton } from "../../ui/ask-button.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { Done, type DoneMessage } from "../../ui/done.tsx";
import { FirstLine } from "../../ui/first-line.tsx";
import { count, formatMoment, formatNumber } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { Page } from "../../ui/page.tsx";
import { addressOfPage, pageOfAddress, Pager } from "../../ui/pager.tsx";
import { Panel } from "../../ui/panel.tsx";
import { noteTag } from "../note-tag.ts";
import { trackingApi } from "./tracking-api.ts";

const size = 50;

/** All experiments, a page at a time, found by words of their names. */
export function ExperimentsPage() {
  const [address, change] = useAddress();
  const [done, setDone] = useState<DoneMessage>();
  const lifecycle = address["show"] === "deleted" ? "deleted" : "active";
  const [words, at] = [address["search"] ?? "", pageOfAddress(address["page"])];
  const query = useLiveQuery(["tracking", "experiments", "page", words, lifecycle, at], (signal) =>
    trackingApi("GET /experiments", { query: { search: words, lifecycle, order: "newest_run", offset: at * size, limit: size } }, { signal }),
  );
  const move = (id: string, name: string, to: "active" | "deleted") => async (): Promise<void> => {
    const put = (state: "active" | "deleted") => trackingApi("POST /experiments/:id/lifecycle", { params: { id }, body: { lifecycle: state } });
    await put(to);
    setDone({ text: `The experiment ${name} is ${to === "deleted" ? "deleted, with its runs" : "back, with the runs that were deleted with it"}.`, undo: () => put(to === "deleted" ? "active" : "deleted") });
  };
  return (
    <Page title="Experiments" crumbs={[{ title: "Runs", to: "/runs" }]} lead="What runs are logged under, those with the newest runs first.">
      <Done message={done} onUndone={() => setDone(undefined)} />
      <Panel
        title={lifecycle === "deleted" ? "Deleted experiments" : "All experiments"}
        aside={
          <span className="row">
            <input type="search" className="text-input" placeholder="words of the name" aria-label="Search experiments" value={words} onChange={(event) => change({ search: event.target.value, page: undefined })} />
            <button type="button" className="button" aria-pressed={lifecycle === "deleted"} onClick={() => change({ show: lifecycle === "deleted" ? undefined : "deleted", page: undefined })}>
              Deleted
            </button>
          </span>
        }
      >
        <Loaded query={query}>
          {({ experiments, total }) => (
            <>
              <output className="small muted">{count(total, "experiment")}</output>
              {experiments.length === 0 ? <p className="muted">{words === "" ? "None." : "No experiment has all of these words in its name."}</p> : (
                <DataTable
                  label="Experiments"
                  rows={experiments}
                  rowKey={({ id }) => id}
                  pageSize={size}
                  columns={[
                    { key: "name", header: "Experiment", render: ({ id, name, tags }) => <><Anchor to={`/experiments/${encodeURIComponent(id)}`}>{name}</Anchor><FirstLine text={tags[noteTag]} /></> },
                    { key: "runs", header: "Runs", align: "right", render: ({ runs }) => formatNumber(runs) },
                    { key: "tags", header: "Tags", align: "wide", render: ({ tags }) => <span className="small muted">{Object.entries(tags).filter(([key]) => !key.startsWith("mlflow.")).map(([key, value]) => `${key}: ${value}`).join(", ")}</span> },
                    { key: "changed", header: "Changed", align: "nowrap", render: ({ updatedAt }) => formatMoment(updatedAt) },
                    {
                      key: "actions",
                      header: "Actions",
                      render: ({ id, name }) =>
                        lifecycle === "deleted" ? (
                          <AskButton label="Restore" name={`Restore ${name}`} quiet title={`Bring ${name} back`} confirm="Restore" fields={[]} run={move(id, name, "active")} />
                        ) : (
                          <AskButton label="Delete" name={`Delete ${name}`} quiet title={`Delete ${name}`} confirm="Delete" fields={[]} run={move(id, name, "deleted")}>
                            Its runs go with it. Both can be brought back until garbage is collected (<code>millrace gc</code>).
                          </AskButton>
                        ),
                    },
                  ]}
                />
              )}
              <Pager label="experiments" at={at} size={size} total={total} onPage={(page) => change({ page: addressOfPage(page) })} />
            </>
          )}
        </Loaded>
      </Panel>
    </Page>
  );
}
