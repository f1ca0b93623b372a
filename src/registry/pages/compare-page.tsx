import { Anchor } from "../../ui/anchor.tsx";
import { Badge } from "../../ui/badge.tsx";
import { IntervalPlot, type IntervalRow } from "../../ui/charts/interval-plot.tsx";
import { Facts } from "../../ui/facts.tsx";
import { formatBytes, formatMoment, formatNumber, metricName } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import type { PageProps } from "../../ui/page-entry.ts";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { Comparison, MetricDifference } from "../compare.ts";
import type { Evidence } from "../evidence.ts";
import { DifferencePanel } from "./difference-panel.tsx";
import { modelPath, registryApi } from "./registry-api.ts";

/** Two versions side by side: what they were made from and what came out. */
export function ComparePage({ params }: PageProps) {
  const [model, version] = [params["model"] ?? "", Number(params["version"])];
  const [otherModel, other] = [params["otherModel"] ?? "", Number(params["other"])];
  const query = useLiveQuery(["registry", "compare", model, version, otherModel, other], (signal) =>
    registryApi("GET /models/:name/versions/:version/compare", { params: { name: model, version }, query: { with: other, model: otherModel } }, { signal }),
  );
  const title = model === otherModel ? `${model}: version ${version} and version ${other}` : `${model} version ${version} and ${otherModel} version ${other}`;
  return (
    <Page
      title={title}
      crumbs={[
        { title: "Models", to: "/models" },
        { title: model, to: modelPath(model) },
      ]}
      lead="A on the left, B on the right; what differs stands first."
    >
      <Loaded query={query}>{(comparison) => <Parts comparison={comparison} />}</Loaded>
    </Page>
  );
}

function Parts({ comparison }: { comparison: Comparison }) {
  const { a, b, sizeDifference } = comparison;
  return (
    <>
      <section className="panel" aria-label="In short">
        <Facts facts={[short("A", a), short("B", b), { name: "Size", value: `${sizeDifference < 0 ? "−" : "+"}${formatBytes(Math.abs(sizeDifference))}`, note: `${formatBytes(a.size)} and ${formatBytes(b.size)}` }]} />
      </section>
      <Panel title="Metrics" note="Each judged in its own evaluation. Where the 95 % intervals overlap, chance may be all there is.">
        {comparison.metrics.length === 0 ? <p className="muted">Nothing was measured on either side.</p> : null}
        {comparison.metrics.map((metric) => (
          <MetricPair key={`${metric.metric} ${metric.dataset}`} metric={metric} />
        ))}
      </Panel>
      <DifferencePanel title="Data" differences={comparison.data} />
      <DifferencePanel title="Parameters" differences={comparison.config} />
      <DifferencePanel title="Code" differences={comparison.code} />
      <DifferencePanel title="Environment" differences={comparison.environment} />
      <DifferencePanel title="Signature" differences={comparison.signature} />
      <DifferencePanel title="ONNX graph" differences={comparison.graph} />
      <DifferencePanel title="Files" differences={comparison.files} />
    </>
  );
}

const short = (name: string, { model, version, createdAt, createdBy }: Evidence) => ({ name, value: <Anchor to={modelPath(model, version)}>{`${model} v${version}`}</Anchor>, note: `${formatMoment(createdAt)} by ${createdBy}` });

function MetricPair({ metric: { metric, dataset, a, b, difference, overlap, better } }: { metric: MetricDifference }) {
  const name = `${metricName(metric)}${dataset === null ? "" : ` on ${dataset}`}`;
  const row = (side: "A" | "B", of: typeof a): IntervalRow[] => (of?.value == null ? [] : [{ name: side, value: of.value, ...(of.low === null || of.high === null ? {} : { low: of.low, high: of.high }), tone: better === side.toLowerCase() ? "good" : "water" }]);
  const rows = [...row("A", a), ...row("B", b)];
  return (
    <div style={{ marginBottom: "1rem" }}>
      <h3 className="row">
        {name}
        {difference === null ? null : <span className="muted small">B − A: {formatNumber(difference)}</span>}
        {overlap === true ? <Badge>intervals overlap</Badge> : better === null ? null : <Badge tone="good" icon="check">{`${better.toUpperCase()} is better${overlap === false ? ", intervals apart" : ""}`}</Badge>}
        {a === null ? <Badge>only of B</Badge> : b === null ? <Badge>only of A</Badge> : null}
      </h3>
      {rows.length > 0 ? <IntervalPlot label={`${name} of A and B`} rows={rows} /> : <p className="muted">no number</p>}
    </div>
  );
}
