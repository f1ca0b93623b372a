import { Anchor } from "../../ui/anchor.tsx";
import { Facts, Pairs } from "../../ui/facts.tsx";
import { formatMoment, formatNumber, formatSpan, metricName, shortId } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import type { PageProps } from "../../ui/page-entry.ts";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { Artifact, Run } from "../types.ts";
import { ArtifactList } from "./artifact-list.tsx";
import { LossCurve } from "./loss-curve.tsx";
import { RunStatus } from "./runs-page.tsx";
import { mainMetrics } from "./telling-columns.ts";
import { trackingApi } from "./tracking-api.ts";

/** One run: what it was given, what came out. */
export function RunPage({ params }: PageProps) {
  const id = params["run"] ?? "";
  const query = useLiveQuery(["tracking", "run", id], (signal) => trackingApi("GET /runs/:id", { params: { id } }, { signal }));
  return (
    <Page title={shortId(id)} crumbs={[{ title: "Runs", to: "/runs" }]} lead={query.data?.tags["trigger"]} aside={query.data ? <RunStatus status={query.data.status} /> : null}>
      <Loaded query={query}>{(run) => <RunDetails run={run} />}</Loaded>
    </Page>
  );
}

function RunDetails({ run }: { run: Run & { readonly artifacts: readonly Artifact[] } }) {
  const id = encodeURIComponent(run.id);
  const dataset = run.tags["dataset_version"];
  const metrics = mainMetrics([run]);
  return (
    <>
      <section className="panel" aria-label="In short">
        <Facts
          facts={[
            ...metrics.map((key) => ({ name: metricName(key), value: formatNumber(run.metrics[key]), ...intervalNote(run, key) })),
            { name: "Trained on", value: `${formatNumber(run.metrics["training_rows"])} rows`, note: dataset ? <Anchor to={`/data/${dataset}`}><code>{shortId(dataset)}</code></Anchor> : undefined },
            { name: "Took", value: run.endedAt === null ? "–" : formatSpan(run.endedAt - run.startedAt), note: formatMoment(run.startedAt) },
          ]}
        />
        <p className="row small" style={{ marginTop: "0.9rem" }}>
          <Anchor to={`/evaluations/${id}`}>Evaluation</Anchor>
          <Anchor to={`/pipelines/${id}`}>Pipeline run</Anchor>
        </p>
      </section>
      <div className="columns">
        <div className="stack">
          {"training_loss" in run.metrics ? (
            <Panel title="Training loss">
              <LossCurve run={run.id} />
            </Panel>
          ) : null}
          <Panel title="Artifacts">
            <ArtifactList run={run.id} artifacts={run.artifacts} />
          </Panel>
        </div>
        <Panel title="Parameters">
          <Pairs values={Object.entries(run.params)} />
        </Panel>
      </div>
      <Panel title="All metrics" note="The last value of each, others on the same rows included.">
        <Pairs many values={Object.entries(run.metrics).map(([key, value]) => [key, formatNumber(value)] as const)} />
      </Panel>
    </>
  );
}

function intervalNote(run: Run, key: string): { note?: string } {
  const [low, high] = [run.metrics[`${key}_low`], run.metrics[`${key}_high`]];
  return low === undefined || high === undefined ? {} : { note: `${formatNumber(low)} to ${formatNumber(high)}` };
}
