import { Fragment, useState } from "react";
import { Anchor } from "../../ui/anchor.tsx";
import { useAddress } from "../../ui/address.ts";
import { count, formatMoment, formatNumber, formatSpan, shortId } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { EmptyNotice } from "../../ui/notice.tsx";
import type { PageProps } from "../../ui/page-entry.ts";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import { ScrollRegion } from "../../ui/scroll-region.tsx";
import { colorOf, type DrawnRun } from "./chart-lines.ts";
import "./compare.css";
import { compareRuns, dimensionsOf, type ComparedLine } from "./comparison.ts";
import { MetricCharts } from "./metric-charts.tsx";
import { ParallelPlot } from "./parallel-plot.tsx";
import type { RunDetails } from "./run-details.ts";
import { RunStatus } from "./run-status.tsx";
import "./runs.css";
import { ScatterPlot } from "./scatter-plot.tsx";
import { trackingApi } from "./tracking-api.ts";

const most = 50;

/** Two to fifty runs beside each other. */
export function ComparePage({ params }: PageProps) {
  const ids = [...new Set((params["runs"] ?? "").split(",").filter((id) => id !== ""))];
  const query = useLiveQuery(["tracking", "compare", ...ids], (signal) => trackingApi("POST /runs/details", { body: { runs: ids.slice(0, most) } }, { signal }));
  const first = query.data?.runs[0];
  const crumbs = [{ title: "Runs", to: first ? `/experiments/${first.experimentId}` : "/runs" }];
  return (
    <Page title="Comparison of runs" crumbs={crumbs} lead={ids.length > most ? `The first ${most} of ${ids.length} runs.` : undefined}>
      <Loaded query={query}>{({ runs }) => (runs.length < 2 ? <TooFew found={runs.length} /> : <Compared runs={runs} missing={Math.min(ids.length, most) - runs.length} />)}</Loaded>
    </Page>
  );
}

function TooFew({ found }: { found: number }) {
  return (
    <EmptyNotice title="Nothing to compare">
      <p>{found === 0 ? "None of these runs exists." : "Only one of these runs exists."} Choose two or more in the <Anchor to="/runs">table of runs</Anchor>.</p>
    </EmptyNotice>
  );
}

function Compared({ runs, missing }: { runs: readonly RunDetails[]; missing: number }) {
  const lines = compareRuns(runs);
  const dimensions = dimensionsOf(lines);
  const names = new Map<string, number>();
  for (const { name } of runs) names.set(name, (names.get(name) ?? 0) + 1);
  // Runs of one name are told apart by their ids.
  const drawn = runs.map(({ id, name, startedAt }, index): DrawnRun => ({ id, name: names.get(name) === 1 ? shortId(name) : `${shortId(name)} ${id.slice(0, 6)}`, color: colorOf(index), startedAt }));
  const metrics = lines.filter(({ kind }) => kind === "metric").map(({ key }) => key);
  const histories = metrics.filter((key) => runs.some((run) => run.metrics.some((one) => one.key === key && one.step > 0)));
  return (
    <>
      {missing > 0 ? <p className="muted">{count(missing, "run")} of the address {missing === 1 ? "does" : "do"} not exist.</p> : null}
      <SideBySide runs={runs} drawn={drawn} lines={lines} />
      {histories.length > 0 ? <Panel title="Histories"><MetricCharts metrics={histories} runs={drawn} /></Panel> : null}
      {dimensions.length >= 2 ? (
        <>
          <Panel title="All at once" note="A line is a run; it crosses each axis at the value it has there. Point at a line, or walk the table below, to see one run.">
            <ParallelPlot runs={drawn} dimensions={dimensions} />
          </Panel>
          <Panel title="One against the other"><ScatterPlot runs={drawn} dimensions={dimensions} /></Panel>
        </>
      ) : null}
    </>
  );
}

const titles = { param: "Parameters", metric: "Metrics, latest", tag: "Tags" } as const;

function SideBySide({ runs, drawn, lines }: { runs: readonly RunDetails[]; drawn: readonly DrawnRun[]; lines: readonly ComparedLine[] }) {
  const [address, change] = useAddress();
  const [search, setSearch] = useState("");
  const onlyDifferences = address["only"] === "differences";
  const shown = lines.filter(({ key, differs }) => (differs || !onlyDifferences) && key.toLowerCase().includes(search.trim().toLowerCase()));
  const aside = (
    <span className="row">
      <input className="input narrow" type="search" value={search} placeholder="Search" aria-label="Search in the comparison" onChange={(event) => setSearch(event.target.value)} />
      <label className="row"><input type="checkbox" checked={onlyDifferences} onChange={(event) => change({ only: event.target.checked ? "differences" : undefined })} /> Differences only</label>
    </span>
  );
  const text = (kind: ComparedLine["kind"], value: string | null): string => (value === null ? "–" : kind !== "metric" ? value : value === "NaN" ? "NaN" : formatNumber(Number(value)));
  return (
    <Panel title="Side by side" aside={aside}>
      <ScrollRegion className="compare-scroll" label="Runs side by side">
        <table className="compare">
          <thead>
            <tr>
              <th scope="col">Run</th>
              {runs.map((run, index) => (
                <th key={run.id} scope="col" aria-label={drawn[index].name}>
                  <span className="row"><i className="dot" style={{ background: drawn[index].color }} aria-hidden="true" /><Anchor to={`/runs/${encodeURIComponent(run.id)}`}>{drawn[index].name}</Anchor></span>
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <tr><th scope="row">Status</th>{runs.map((run) => <td key={run.id}><RunStatus status={run.status} /></td>)}</tr>
            <tr><th scope="row">Started</th>{runs.map((run) => <td key={run.id}>{formatMoment(run.startedAt)}</td>)}</tr>
            <tr><th scope="row">Took</th>{runs.map((run) => <td key={run.id}>{run.endedAt === null ? "–" : formatSpan(Math.max(0, run.endedAt - run.startedAt))}</td>)}</tr>
            {(["param", "metric", "tag"] as const).map((kind) => {
              const own = shown.filter((line) => line.kind === kind);
              return own.length === 0 ? null : (
                <Fragment key={kind}>
                  <tr className="group"><th scope="rowgroup" colSpan={runs.length + 1}>{titles[kind]}</th></tr>
                  {own.map(({ key, values, differs }) => (
                    <tr key={key} className={differs ? "differs" : undefined}>
                      <th scope="row">{key}</th>
                      {values.map((value, index) => <td key={runs[index].id} title={value ?? undefined}>{text(kind, value)}</td>)}
                    </tr>
                  ))}
                </Fragment>
              );
            })}
          </tbody>
        </table>
      </ScrollRegion>
    </Panel>
  );
}
