import { Anchor } from "../../ui/anchor.tsx";
import { AgreementPlot } from "../../ui/charts/agreement-plot.tsx";
import { formatNumber, shortId, triggerText } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { EmptyNotice } from "../../ui/notice.tsx";
import type { PageProps } from "../../ui/page-entry.ts";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { Evaluation } from "../types.ts";
import { evaluationOfRun, type EvaluationOfRun } from "./evaluation-of-run.ts";
import { GateChecks } from "./gate-checks.tsx";
import { MetricComparison } from "./metric-comparison.tsx";
import { SliceMetrics } from "./slice-metrics.tsx";

/** One evaluation: metrics against the others, the gate's verdict, slices, calibration. */
export function EvaluationPage({ params }: PageProps) {
  const run = params["run"] ?? "";
  const query = useLiveQuery(["evaluation", run], (signal) => evaluationOfRun(run, signal));
  return (
    <Page title={shortId(run)} crumbs={[{ title: "Evaluations", to: "/evaluations" }]} lead={<Lead known={query.data} />} aside={<Links run={run} known={query.data} />}>
      <Loaded query={query}>
        {({ evaluation, gate }) =>
          evaluation ? (
            <>
              <MetricComparison evaluation={evaluation} />
              {gate ? (
                <Panel title="Gate">
                  <GateChecks verdict={gate} />
                </Panel>
              ) : null}
              <div className="columns">
                <Calibration evaluation={evaluation} />
                <SliceMetrics evaluation={evaluation} />
              </div>
              <Panel title="Report" note="The evaluation as one page, to keep, to print and to send.">
                <Report run={run} />
              </Panel>
            </>
          ) : (
            <EmptyNotice title="Not judged">
              <p>
                This run did not come to its evaluation; its <Anchor to={`/pipelines/${encodeURIComponent(run)}`}>pipeline run</Anchor> says why.
              </p>
            </EmptyNotice>
          )
        }
      </Loaded>
    </Page>
  );
}

function Lead({ known }: { known: EvaluationOfRun | undefined }) {
  if (!known?.evaluation) return null;
  const { rows, target, task } = known.evaluation;
  return (
    <>
      Judged on {formatNumber(rows)} held-out rows of <code>{target}</code> ({task}). Why: {triggerText(known.trigger)}.
    </>
  );
}

function Links({ run, known }: { run: string; known: EvaluationOfRun | undefined }) {
  return (
    <p className="row small">
      <Anchor to={`/runs/${encodeURIComponent(run)}`}>Run</Anchor>
      <Anchor to={`/pipelines/${encodeURIComponent(run)}`}>Pipeline run</Anchor>
      {known?.version ? <Anchor to={`/models/${encodeURIComponent(known.version.model)}/${known.version.version}`}>Version {known.version.version}</Anchor> : null}
    </p>
  );
}

function Calibration({ evaluation }: { evaluation: Evaluation }) {
  const regression = evaluation.task === "regression";
  const points = evaluation.calibration.map((bin) => ({ x: bin.predicted, y: bin.actual, rows: bin.rows }));
  const worst = points.reduce((most, point) => (Math.abs(point.y - point.x) > Math.abs(most.y - most.x) ? point : most), points[0]);
  return (
    <Panel
      title={regression ? "Predicted and true" : "Calibration"}
      note={regression ? "Ten groups of rows by what was predicted: on the line, prediction and truth agree." : "Ten groups of rows by probability of the last class: on the line, probability and frequency agree."}
    >
      <AgreementPlot
        summary={`Mean true value against mean prediction in ${points.length} groups; furthest apart at ${formatNumber(worst.x)} predicted, ${formatNumber(worst.y)} true`}
        xName="predicted"
        yName={regression ? "true" : "frequency"}
        points={points}
      />
    </Panel>
  );
}

function Report({ run }: { run: string }) {
  const address = `/api/tracking/runs/${encodeURIComponent(run)}/artifacts/evaluation.html`;
  return (
    <p>
      <a href={address} target="_blank" rel="noreferrer">
        evaluation.html
      </a>{" "}
      <span className="muted">(opens in a new tab)</span>
    </p>
  );
}
