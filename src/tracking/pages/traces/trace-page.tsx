import { useAddress } from "../../../ui/address.ts";
import { Anchor } from "../../../ui/anchor.tsx";
import { Facts, Pairs } from "../../../ui/facts.tsx";
import { formatMilliseconds, formatMoment, formatNumber } from "../../../ui/format.ts";
import { useLiveQuery } from "../../../ui/live-query.ts";
import { Loaded } from "../../../ui/loaded.tsx";
import { EmptyNotice } from "../../../ui/notice.tsx";
import type { PageProps } from "../../../ui/page-entry.ts";
import { Page } from "../../../ui/page.tsx";
import { Panel } from "../../../ui/panel.tsx";
import { TagsPanel } from "../../../ui/tags-panel.tsx";
import { trackingApi } from "../tracking-api.ts";
import { AssessmentsPanel } from "./assessments-table.tsx";
import { SpanList } from "./span-list.tsx";
import { SpanPanel } from "./span-panel.tsx";
import { spanRows, type TraceWithSpans } from "./span-tree.ts";
import { TraceState } from "./trace-state.tsx";
import { tokensOf, traceName } from "./trace-words.ts";
import "./traces.css";

/** One trace: its spans as a tree in time, each with what went in and came out, and how it was judged. */
export function TracePage({ params }: PageProps) {
  const id = params["trace"] ?? "";
  const query = useLiveQuery(["tracking", "trace", id], (signal) => trackingApi("GET /traces/:id", { params: { id } }, { signal }));
  const trace = query.data?.trace;
  return (
    <Page title={trace ? traceName(trace) : id} crumbs={[{ title: "Traces", to: "/traces" }]} aside={trace ? <TraceState state={trace.state} /> : null}>
      <Loaded query={query}>{(found) => <Details found={found} />}</Loaded>
    </Page>
  );
}

function Details({ found: { trace, spans } }: { found: TraceWithSpans }) {
  const [address, change] = useAddress();
  const rows = spanRows(spans);
  const chosen = rows.find(({ span }) => span.id === address["span"]) ?? rows[0];
  const tokens = tokensOf(trace);
  const run = trace.metadata["mlflow.sourceRun"];
  return (
    <>
      <section className="panel" aria-label="In short">
        <Facts
          facts={[
            { name: "Took", value: trace.duration === null ? "–" : formatMilliseconds(trace.duration), note: formatMoment(trace.startedAt) },
            { name: "Spans", value: formatNumber(spans.length) },
            ...(tokens === undefined ? [] : [{ name: "Tokens", value: formatNumber(tokens) }]),
            ...(run === undefined ? [] : [{ name: "Made by run", value: <Anchor to={`/runs/${encodeURIComponent(run)}`}>{run.slice(0, 8)}</Anchor> }]),
            { name: "Trace id", value: <code className="source">{trace.id}</code> },
          ]}
        />
      </section>
      {chosen === undefined ? (
        <EmptyNotice title="No spans">
          <p>The client told of this trace and has sent no span of it yet, or keeps them elsewhere.</p>
        </EmptyNotice>
      ) : (
        <div className="trace-columns">
          <Panel title="Spans">
            <SpanList spans={spans} chosen={chosen.span.id} onChoose={(id) => change({ span: id })} />
          </Panel>
          <SpanPanel key={chosen.span.id} traceId={trace.id} row={chosen} />
        </div>
      )}
      <AssessmentsPanel traceId={trace.id} assessments={trace.assessments} spanName={(id) => spans.find((span) => span.id === id)?.name ?? id} />
      <div className="columns">
        <TagsPanel of={`the trace ${traceName(trace)}`} tags={Object.entries(trace.tags)} onSet={(key, value) => trackingApi("PATCH /traces/:id", { params: { id: trace.id }, body: { tags: { [key]: value } } })} />
        <Panel title="Metadata">{Object.keys(trace.metadata).length > 0 ? <Pairs values={Object.entries(trace.metadata)} /> : <p className="muted">None.</p>}</Panel>
      </div>
    </>
  );
}
