import { Anchor } from "../../ui/anchor.tsx";
import { IntervalPlot } from "../../ui/charts/interval-plot.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { Pairs } from "../../ui/facts.tsx";
import { formatBytes, formatNumber, metricName, shortId } from "../../ui/format.ts";
import { Panel } from "../../ui/panel.tsx";
import type { Evidence } from "../evidence.ts";
import { SignatureTable } from "./signature-table.tsx";
import { filePath } from "./registry-api.ts";

/** The evidence of a version, each ingredient in a panel; what was not recorded says so. */
export function EvidencePanels({ evidence }: { evidence: Evidence }) {
  return (
    <>
      {evidence.notes.length > 0 ? (
        <Panel title="To know">
          <ul>
            {evidence.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </Panel>
      ) : null}
      <div className="columns">
        <div className="stack">
          <Panel title="Metrics" note={evidence.evaluation.some(({ low }) => low !== null) ? "On held-out rows, with 95 % bootstrap intervals." : "As its run or its logged model says."}>
            <Metrics evidence={evidence} />
          </Panel>
          <Panel title="Data">
            <Data evidence={evidence} />
          </Panel>
          <Panel title="Parameters">{Object.keys(evidence.config).length > 0 ? <Pairs values={Object.entries(evidence.config)} /> : <NotRecorded>No parameters were logged.</NotRecorded>}</Panel>
          {evidence.format ? (
            <Panel title="Format" note="From its MLmodel.">
              <Pairs values={Object.entries(evidence.format.flavors).map(([flavor, details]) => [flavor, Object.entries(details).map(([key, value]) => `${key}: ${value}`).join(", ") || "no details"] as const)} />
            </Panel>
          ) : null}
        </div>
        <div className="stack">
          <Panel title="Signature" note="What goes in and what comes out.">
            {evidence.signature ? <SignatureTable signature={evidence.signature} /> : <NotRecorded>No signature is written down: log the model with one (infer_signature) or with an input example.</NotRecorded>}
          </Panel>
          <Panel title="Code">
            <Code evidence={evidence} />
          </Panel>
          <Panel title="Environment">{Object.keys(evidence.environment).length > 0 ? <Pairs values={Object.entries(evidence.environment)} /> : <NotRecorded>Nothing says what it was made with.</NotRecorded>}</Panel>
          {evidence.graph ? (
            <Panel title="ONNX graph">
              <Graph graph={evidence.graph} />
            </Panel>
          ) : null}
        </div>
      </div>
      <Panel title="Files" note={`${formatBytes(evidence.size)} in all; they come down as attachments.`}>
        <Files evidence={evidence} />
      </Panel>
    </>
  );
}

const NotRecorded = ({ children }: { children: string }) => <p className="muted">{children}</p>;

function Metrics({ evidence: { evaluation } }: { evidence: Evidence }) {
  if (evaluation.length === 0) return <NotRecorded>Nothing was measured.</NotRecorded>;
  const named = (metric: string, dataset: string | null): string => `${metricName(metric)}${dataset === null ? "" : ` on ${dataset}`}`;
  const [intervals, plain] = [evaluation.filter(({ low }) => low !== null), evaluation.filter(({ low }) => low === null)];
  return (
    <>
      {intervals.map(({ metric, dataset, value, low, high }) => (
        <IntervalPlot key={named(metric, dataset)} label={named(metric, dataset)} rows={[{ name: named(metric, dataset), value: value ?? Number.NaN, low: low!, high: high! }]} />
      ))}
      {plain.length > 0 ? <Pairs values={plain.map(({ metric, dataset, value }) => [named(metric, dataset), formatNumber(value)] as const)} /> : null}
    </>
  );
}

function Data({ evidence: { data } }: { evidence: Evidence }) {
  if (data.length === 0) return <NotRecorded>No dataset was logged with its run.</NotRecorded>;
  return data.map(({ name, digest, role, source, rows, columns, ours }) => (
    <Pairs
      key={`${name} ${digest} ${role}`}
      values={[
        [role === "" ? "dataset" : role, name],
        [ours ? "dataset version" : "digest", digestOf(digest, ours)] as const,
        ...(source === "" ? [] : [["source", source] as const]),
        ...(rows === null ? [] : [["rows", formatNumber(rows)] as const]),
        ...(Object.keys(columns).length === 0 ? [] : [["columns", String(Object.keys(columns).length)] as const]),
      ]}
    />
  ));
}

const digestOf = (digest: string, ours: boolean) => (ours ? <Anchor to={`/data/${digest}`}>{shortId(digest)}</Anchor> : <code>{digest}</code>);

function Code({ evidence: { code } }: { evidence: Evidence }) {
  if (!code) return <NotRecorded>Nothing says which code made it.</NotRecorded>;
  const dirty = code.dirty === true ? " with changes that were not committed" : "";
  const values = [["commit", code.commit === null ? null : `${code.commit}${dirty}`], ["branch", code.branch], ["repository", code.repository], ["entry point", code.entryPoint]] as const;
  return <Pairs values={values.flatMap(([name, value]) => (value === null ? [] : [[name, value] as const]))} />;
}

function Graph({ graph: { operators, opsets, parameters, producer, irVersion, inputs, outputs } }: { graph: NonNullable<Evidence["graph"]> }) {
  const total = Object.values(operators).reduce((sum, count) => sum + count, 0);
  const several = (counts: Readonly<Record<string, number>>, join: (name: string, count: number) => string): string => Object.entries(counts).map(([name, count]) => join(name, count)).join(", ");
  return (
    <Pairs
      values={[
        ["inputs", inputs.map(({ name, type }) => `${name}: ${type}`).join("; ")],
        ["outputs", outputs.map(({ name, type }) => `${name}: ${type}`).join("; ")],
        ["operators", `${formatNumber(total)}: ${several(operators, (name, count) => `${count} ${name}`)}`],
        ["operator sets", several(opsets, (name, version) => `${name || "ai.onnx"} ${version}`)],
        ["numbers in constants", formatNumber(parameters)],
        ["written by", `${producer || "unknown"}, IR version ${irVersion}`],
      ]}
    />
  );
}

function Files({ evidence: { model, version, files } }: { evidence: Evidence }) {
  if (files.length === 0) return <NotRecorded>There are no files here.</NotRecorded>;
  return (
    <DataTable
      label="Files"
      rows={files}
      rowKey={({ path }) => path}
      columns={[
        { key: "path", header: "File", render: ({ path }) => <a href={filePath(model, version, path)}>{path}</a> },
        { key: "size", header: "Size", align: "right", sort: ({ size }) => size, render: ({ size }) => formatBytes(size) },
        { key: "hash", header: "SHA-256", render: ({ sha256 }) => <code className="muted">{shortId(sha256)}</code> },
      ]}
    />
  );
}
