import { Anchor } from "../../ui/anchor.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Pairs } from "../../ui/facts.tsx";
import { shortId } from "../../ui/format.ts";
import { useCostlyQuery, useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import type { PageProps } from "../../ui/page-entry.ts";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import { noteTag } from "../note-tag.ts";
import { ArtifactBrowser } from "./artifact-browser.tsx";
import type { DrawnRun } from "./chart-lines.ts";
import { LoggedImages } from "./logged-images.tsx";
import { MetricCharts } from "./metric-charts.tsx";
import { MetricsTable } from "./metrics-table.tsx";
import { NestedRuns } from "./nested-runs.tsx";
import { RunFacts } from "./run-facts.tsx";
import { RunInputs } from "./run-inputs.tsx";
import { RenameRun, RunNotes, RunTraces } from "./run-notes.tsx";
import { RunStatus } from "./run-status.tsx";
import "./runs.css";
import { trackingApi } from "./tracking-api.ts";
import type { RunDetails } from "./run-details.ts";
import { useRunStream } from "./use-run-stream.ts";

/** One run: what it was given, what came out; as it comes out, while it trains. */
export function RunPage({ params }: PageProps) {
  const id = params["run"] ?? "";
  const query = useLiveQuery(["tracking", "run", id], (signal) => trackingApi("GET /runs/:id/details", { params: { id } }, { signal }));
  const run = query.data;
  const listening = useRunStream(id, run?.status === "running");
  return (
    <Page
      title={run ? shortId(run.name) : shortId(id)}
      crumbs={[{ title: "Runs", to: run ? `/experiments/${run.experimentId}` : "/runs" }]}
      lead={run?.tags.find(({ key }) => key === "trigger")?.value}
      aside={
        run ? (
          <span className="row">
            {listening ? <Badge tone="water" icon="dot">live</Badge> : null}
            {run.lifecycle === "deleted" ? <Badge tone="copper">deleted</Badge> : null}
            <RunStatus status={run.status} />
            {run.lifecycle === "active" ? <RenameRun run={run} /> : null}
          </span>
        ) : null
      }
    >
      <Loaded query={query}>{(found) => <Details run={found} now={query.dataUpdatedAt} />}</Loaded>
    </Page>
  );
}

function Details({ run, now }: { run: RunDetails; now: number }) {
  const latest = run.metrics.map(({ key, step, time, value }) => `${key} ${step} ${time} ${value}`).join();
  const metrics = useCostlyQuery(["tracking", "metrics", run.id, latest], (signal) => trackingApi("GET /runs/:id/metrics", { params: { id: run.id } }, { signal }));
  const drawn: DrawnRun[] = [{ id: run.id, name: run.name, color: "var(--water)", startedAt: run.startedAt }];
  const described = run.tags.some(({ key }) => key === noteTag);
  return (
    <>
      <section className="panel" aria-label="In short"><RunFacts run={run} now={now} /></section>
      {described ? <RunNotes run={run} /> : null}
      <Loaded query={metrics}>
        {(found) => {
          const histories = found.metrics.filter(({ points }) => points > 1).map(({ key }) => key);
          return (
            <>
              {histories.length > 0 ? <Panel title="Histories"><MetricCharts metrics={histories} runs={drawn} /></Panel> : null}
              <div className="columns">
                <Panel title="Metrics">{found.metrics.length > 0 ? <MetricsTable metrics={found.metrics} /> : <p className="muted">Nothing was measured yet.</p>}</Panel>
                <Panel title="Parameters">{run.params.length > 0 ? <Pairs values={run.params.map(({ key, value }) => [key, value] as const)} /> : <p className="muted">None were logged.</p>}</Panel>
              </div>
            </>
          );
        }}
      </Loaded>
      {described ? null : <RunNotes run={run} />}
      <RunInputs run={run} />
      <NestedRuns run={run} />
      <LoggedImages run={run.id} />
      <Panel title="Artifacts"><ArtifactBrowser run={run.id} /></Panel>
      <RunTraces run={run} />
      {run.tags.some(({ key }) => key === "dataset_version") ? (
        <p className="row small">
          <Anchor to={`/evaluations/${encodeURIComponent(run.id)}`}>Evaluation</Anchor>
          <Anchor to={`/pipelines/${encodeURIComponent(run.id)}`}>Pipeline run</Anchor>
        </p>
      ) : null}
    </>
  );
}
