import { GateChecks } from "../../evaluation/pages/gate-checks.tsx";
import { Anchor } from "../../ui/anchor.tsx";
import { BarList } from "../../ui/charts/bars.tsx";
import { IntervalPlot } from "../../ui/charts/interval-plot.tsx";
import { Facts, Pairs } from "../../ui/facts.tsx";
import { formatBytes, formatDay, formatMoment, formatNumber, formatSpan, metricName, shortId, triggerText } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import type { PageProps } from "../../ui/page-entry.ts";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { ClientVersion, TrainedVersion } from "../types.ts";
import { AliasBadges } from "./alias-badges.tsx";
import { LineageGraph } from "./lineage-graph.tsx";
import { modelPath, registryApi } from "./registry-api.ts";

/** One model version: which data, code, test and person stand behind it. */
export function ModelVersionPage({ params }: PageProps) {
  const [name, version] = [params["model"] ?? "", Number(params["version"])];
  const query = useLiveQuery(["registry", "version", name, version], (signal) => registryApi("GET /models/:name/versions/:version", { params: { name, version } }, { signal }));
  return (
    <Page
      title={`${name} version ${version}`}
      crumbs={[
        { title: "Models", to: "/models" },
        { title: name, to: modelPath(name) },
      ]}
      lead={query.data ? `Why it exists: ${triggerText(query.data.trigger)}` : undefined}
      aside={query.data ? <span className="row"><AliasBadges aliases={query.data.aliases} /></span> : null}
    >
      <Loaded query={query}>
        {(known) => (
          <>
            {known.origin === "trained" ? <Summary version={known} /> : <ClientSummary version={known} />}
            <Panel title="Lineage" note="What it was made from and what was made from it.">
              <LineageGraph edges={known.lineage} subject={`${name}/${version}`} />
            </Panel>
            {known.origin === "trained" ? <Details version={known} /> : null}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Summary({ version }: { version: TrainedVersion }) {
  const run = encodeURIComponent(version.runId);
  return (
    <section className="panel" aria-label="In short">
      <Facts
        facts={[
          ...Object.entries(version.metrics).map(([key, { value, low, high }]) => ({ name: metricName(key), value: formatNumber(value), note: `${formatNumber(low)} to ${formatNumber(high)}` })),
          { name: "Trained on", value: `${formatNumber(version.training.rows)} rows`, note: version.training.until === null ? undefined : `until ${formatDay(version.training.until)}` },
          { name: "Algorithm", value: version.algorithm, note: `trained in ${formatSpan(version.training.seconds * 1000)}` },
          { name: "Registered", value: formatMoment(version.createdAt), note: `by ${version.createdBy}` },
          { name: "ONNX graph", value: <a href={`/api/registry/models/${encodeURIComponent(version.model)}/versions/${version.version}/model.onnx`}>model.onnx</a>, note: `${formatBytes(version.artifact.size)}, ${shortId(version.artifact.sha256)}` },
        ]}
      />
      <p className="row small" style={{ marginTop: "0.9rem" }}>
        <Anchor to={`/evaluations/${run}`}>Evaluation</Anchor>
        <Anchor to={`/runs/${run}`}>Run</Anchor>
        <Anchor to={`/pipelines/${encodeURIComponent(version.pipelineRunId)}`}>Pipeline run</Anchor>
        <Anchor to={`/data/${version.datasetVersion}`}>Dataset version</Anchor>
      </p>
    </section>
  );
}

function ClientSummary({ version }: { version: ClientVersion }) {
  return (
    <Panel title="Registered by a client">
      <Pairs
        values={[
          ["Registered", `${formatMoment(version.createdAt)} by ${version.createdBy}`],
          ["Source", version.source],
          ...(version.runId === null ? [] : [["Run", version.runId] as const]),
          ...(version.loggedModelId === null ? [] : [["Logged model", version.loggedModelId] as const]),
          ["Stage", version.stage],
          ...(version.description === null ? [] : [["Description", version.description] as const]),
          ...Object.entries(version.tags),
        ]}
      />
    </Panel>
  );
}

function Details({ version }: { version: TrainedVersion }) {
  const importances = Object.entries(version.importances).sort((a, b) => b[1] - a[1]);
  return (
    <div className="columns">
      <Panel title="Gate">
        <GateChecks verdict={version.gate} />
      </Panel>
      <Panel title="Metrics" note="On held-out rows, with 95 % bootstrap intervals.">
        {Object.entries(version.metrics).map(([key, interval]) => (
          <IntervalPlot key={key} label={metricName(key)} rows={[{ name: metricName(key), ...interval }]} />
        ))}
      </Panel>
      <Panel title="Importances" note="Share of the total gain (trees) or of the standardised weight (linear) per feature.">
        <BarList label="Importances" items={importances.slice(0, 20).map(([name, share]) => ({ name, share }))} />
      </Panel>
      <Panel title="Signature">
        <Pairs
          values={[
            ["Predicts", `${version.signature.target} (${version.signature.task})`],
            ...(version.signature.classes ? [["Classes", version.signature.classes.join(", ")] as const] : []),
            ...version.signature.features.map(({ name, type }) => [name, type === "number" ? "number (FP32)" : "category (string)"] as const),
          ]}
        />
      </Panel>
      <Panel title="Parameters">
        <Pairs values={Object.entries(version.params).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)] as const)} />
      </Panel>
      <Panel title="Environment">
        <Pairs values={Object.entries(version.environment)} />
      </Panel>
    </div>
  );
}
