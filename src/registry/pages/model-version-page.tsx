import { GateChecks } from "../../evaluation/pages/gate-checks.tsx";
import { Anchor } from "../../ui/anchor.tsx";
import { BarList } from "../../ui/charts/bars.tsx";
import { Description } from "../../ui/description.tsx";
import { Facts, Pairs, type Fact } from "../../ui/facts.tsx";
import { formatBytes, formatDay, formatMoment, formatNumber, formatSpan, metricName, shortId, triggerText } from "../../ui/format.ts";
import { CodeBlock } from "../../ui/json-view.tsx";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import type { PageProps } from "../../ui/page-entry.ts";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import { TagsPanel } from "../../ui/tags-panel.tsx";
import type { Evidence } from "../evidence.ts";
import type { ModelVersion } from "../types.ts";
import { AliasBadges } from "./alias-badges.tsx";
import { CompareForm } from "./compare-form.tsx";
import { EvidencePanels } from "./evidence-panels.tsx";
import { LineageGraph } from "./lineage-graph.tsx";
import { loadSnippet } from "./load-snippets.ts";
import { modelPath, registryApi } from "./registry-api.ts";

/** One model version: which data, code, test and person stand behind it. */
export function ModelVersionPage({ params }: PageProps) {
  const [name, version] = [params["model"] ?? "", Number(params["version"])];
  const call = { params: { name, version } };
  const query = useLiveQuery(["registry", "version", name, version], (signal) => registryApi("GET /models/:name/versions/:version", call, { signal }));
  const evidence = useLiveQuery(["registry", "evidence", name, version], (signal) => registryApi("GET /models/:name/versions/:version/evidence", call, { signal }));
  const model = useLiveQuery(["registry", "model", name], (signal) => registryApi("GET /models/:name", { params: { name } }, { signal }));
  const others = model.data?.versions.filter((other) => other !== version) ?? [];
  return (
    <Page
      title={`${name} version ${version}`}
      crumbs={[
        { title: "Models", to: "/models" },
        { title: name, to: modelPath(name) },
      ]}
      lead={query.data ? `Why it exists: ${triggerText(query.data.trigger)}` : undefined}
      aside={
        query.data ? (
          <span className="row">
            <AliasBadges aliases={query.data.aliases} />
            {others.length > 0 ? <CompareForm model={name} versions={[version, ...others]} /> : null}
          </span>
        ) : null
      }
    >
      <Loaded query={query}>
        {(known) => (
          <>
            <Summary version={known} evidence={evidence.data} />
            <div className="columns">
              <Description of={`version ${version} of ${name}`} text={known.description ?? ""} onDescribe={(description) => registryApi("PATCH /models/:name/versions/:version", { ...call, body: { description } })} />
              <TagsPanel of={`version ${version} of ${name}`} tags={Object.entries(known.tags)} onSet={(key, value) => registryApi("PATCH /models/:name/versions/:version", { ...call, body: { tags: { [key]: value } } })} />
            </div>
            <Panel title="Lineage" note="What it was made from and what was made from it.">
              <LineageGraph edges={known.lineage} subject={`${name}/${version}`} />
            </Panel>
            <Loaded query={evidence}>{(found) => <EvidencePanels evidence={found} />}</Loaded>
            {known.origin === "trained" ? (
              <div className="columns">
                <Panel title="Gate">
                  <GateChecks verdict={known.gate} />
                </Panel>
                <Panel title="Importances" note={known.recipe ? "How much the answers change when a feature's values are dealt to other rows, as a share of all features' changes." : "Share of the total gain (trees) or of the standardised weight (linear) per feature."}>
                  <BarList label="Importances" items={Object.entries(known.importances).sort((a, b) => b[1] - a[1]).slice(0, 20).map(([feature, share]) => ({ name: feature, share }))} />
                </Panel>
              </div>
            ) : null}
            {evidence.data ? <LoadIt evidence={evidence.data} /> : null}
          </>
        )}
      </Loaded>
    </Page>
  );
}

function Summary({ version, evidence }: { version: ModelVersion; evidence: Evidence | undefined }) {
  const measured = (evidence?.evaluation ?? []).slice(0, 4).map(({ metric, value, low, high }): Fact => ({ name: metricName(metric), value: formatNumber(value), note: low === null ? undefined : `${formatNumber(low)} to ${formatNumber(high)}` }));
  const trained = version.origin === "trained" ? version : undefined;
  const run = version.runId === null ? null : encodeURIComponent(version.runId);
  return (
    <section className="panel" aria-label="In short">
      <Facts
        facts={[
          ...measured,
          ...(trained
            ? [
                { name: "Trained on", value: `${formatNumber(trained.training.rows)} rows`, note: trained.training.until === null ? undefined : `until ${formatDay(trained.training.until)}` },
                { name: trained.recipe ? "Made by" : "Algorithm", value: trained.recipe ? <code>{trained.recipe.run}</code> : trained.algorithm, note: `trained in ${formatSpan(trained.training.seconds * 1000)}` },
                ...(trained.recipe?.python?.made ? [{ name: "Python", value: trained.recipe.python.made.version, note: `${trained.recipe.python.declared}, ${trained.recipe.python.made.packages.length} packages` }] : []),
                trained.artifact.python ? { name: "Python model", value: `Python ${trained.artifact.python.version}`, note: `${formatBytes(trained.artifact.size)}, ${trained.artifact.python.files.length} files` } : { name: "ONNX graph", value: <a href={`/api/registry/models/${encodeURIComponent(trained.model)}/versions/${trained.version}/model.onnx`}>model.onnx</a>, note: `${formatBytes(trained.artifact.size)}, ${shortId(trained.artifact.sha256)}` },
              ]
            : [{ name: "Loads with", value: Object.keys(evidence?.format?.flavors ?? {}).filter((flavor) => flavor !== "python_function").join(", ") || "–", note: evidence ? formatBytes(evidence.size) : undefined }]),
          { name: "Registered", value: formatMoment(version.createdAt), note: `by ${version.createdBy}` },
          ...(version.stage === "None" ? [] : [{ name: "Stage", value: version.stage }]),
        ]}
      />
      {trained ? null : (
        <div style={{ marginTop: "0.9rem" }}>
        <Pairs
          values={[
            ["Source", version.source],
            ...(version.loggedModelId === null ? [] : [["Logged model", version.loggedModelId] as const]),
          ]}
        />
        </div>
      )}
      <p className="row small" style={{ marginTop: "0.9rem" }}>
        {trained ? <Anchor to={`/evaluations/${run}`}>Evaluation</Anchor> : null}
        {run === null ? null : <Anchor to={`/runs/${run}`}>Run</Anchor>}
        {trained ? <Anchor to={`/pipelines/${encodeURIComponent(trained.pipelineRunId)}`}>Pipeline run</Anchor> : null}
        {trained ? <Anchor to={`/data/${trained.datasetVersion}`}>Dataset version</Anchor> : null}
      </p>
    </section>
  );
}

function LoadIt({ evidence }: { evidence: Evidence }) {
  const convertible = evidence.format !== null && "sklearn" in evidence.format.flavors && evidence.graph === null;
  return (
    <Panel title="Load it and call it" note="In Python; replace the values.">
      <CodeBlock label="Python that loads this version" text={loadSnippet(evidence, location.origin)} />
      {convertible ? (
        <p className="small" style={{ marginTop: "0.7rem" }}>
          It is a scikit-learn model: <code>millrace models convert {evidence.model} {evidence.version}</code> makes an ONNX graph of it, as a new version.
        </p>
      ) : null}
    </Panel>
  );
}
