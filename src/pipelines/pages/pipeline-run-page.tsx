import { useState } from "react";
import type { PipelineRun } from "../../stage.ts";
import { Facts } from "../../ui/facts.tsx";
import { formatMoment, formatSpan, shortId } from "../../ui/format.ts";
import { LazyGraph } from "../../ui/graph/lazy-graph.tsx";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import type { PageProps } from "../../ui/page-entry.ts";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import { pipelineGraph } from "./pipeline-graph.ts";
import { PipelineState } from "./pipeline-state.tsx";
import { pipelinesApi } from "./pipelines-api.ts";
import { StepPanel } from "./step-panel.tsx";

/** One pipeline run as a graph, and any of its steps in full. */
export function PipelineRunPage({ params }: PageProps) {
  const id = params["run"] ?? "";
  const query = useLiveQuery(["pipelines", "run", id], (signal) => pipelinesApi("GET /runs/:id", { params: { id } }, { signal }));
  return (
    <Page title={shortId(id)} crumbs={[{ title: "Pipelines", to: "/pipelines" }]} aside={query.data ? <PipelineState state={query.data.state} /> : null}>
      <Loaded query={query}>{(run) => <RunDetails run={run} />}</Loaded>
    </Page>
  );
}

function RunDetails({ run }: { run: PipelineRun }) {
  const [chosen, setChosen] = useState<string | null>(null);
  const telling = run.steps.find((step) => step.state === "failed" || step.state === "running");
  const step = run.steps.find((one) => one.id === chosen) ?? telling ?? run.steps[0];
  const hits = run.steps.filter((one) => one.cacheHit).length;
  return (
    <>
      <section className="panel" aria-label="In short">
        <Facts
          facts={[
            { name: "Pipeline", value: run.name, note: `for ${run.model}` },
            { name: "Began", value: formatMoment(run.createdAt), note: `by ${run.actor}` },
            { name: "Took", value: run.finishedAt === null ? "goes on" : formatSpan(run.finishedAt - run.createdAt), note: `${run.steps.length} steps, ${hits} from the cache` },
          ]}
        />
        <p className="small" style={{ marginTop: "0.8rem" }}>
          <span className="muted">Why:</span> {run.trigger}
        </p>
        {run.reason ? (
          <p className="small">
            <span className="muted">{run.state === "failed" ? "Failed:" : "Stopped:"}</span> {run.reason}
          </p>
        ) : null}
      </section>
      <div className="columns">
        <Panel title="Steps" note="Choose a step to see what went in and what came out.">
          <LazyGraph label={`Steps of ${run.id}`} {...pipelineGraph(run)} direction="TB" selected={step?.id ?? null} onSelect={setChosen} />
        </Panel>
        {step ? <StepPanel run={run} step={step} /> : null}
      </div>
    </>
  );
}
