import { useNavigate } from "@tanstack/react-router";
import { ApiError } from "../../../http/client.ts";
import { useAddress } from "../../../ui/address.ts";
import { Anchor } from "../../../ui/anchor.tsx";
import { DataTable } from "../../../ui/data-table.tsx";
import { count, formatMilliseconds, formatMoment, formatNumber } from "../../../ui/format.ts";
import { CodeBlock } from "../../../ui/json-view.tsx";
import { useLiveQuery } from "../../../ui/live-query.ts";
import { Loaded } from "../../../ui/loaded.tsx";
import { EmptyNotice, ErrorNotice } from "../../../ui/notice.tsx";
import { Page } from "../../../ui/page.tsx";
import { addressOfPage, pageOfAddress, Pager } from "../../../ui/pager.tsx";
import type { Trace } from "../../traces/types.ts";
import { ExperimentPicker } from "../experiment-picker.tsx";
import "../runs.css";
import { trackingApi } from "../tracking-api.ts";
import { AssessmentBadges } from "./assessment-badges.tsx";
import { TraceFilter } from "./trace-filter.tsx";
import { TraceState } from "./trace-state.tsx";
import { tokensOf, traceName, traceSize } from "./trace-words.ts";
import "./traces.css";

const size = 50;
const orders = { newest: undefined, longest: "execution_time DESC", shortest: "execution_time ASC" } as const;

/** The traces of an experiment: those that a filter finds, a page at a time. */
export function TracesPage() {
  const [address] = useAddress();
  const asked = address["experiment"];
  const query = useLiveQuery(["tracking", "traced-experiment", asked], async (signal) => {
    if (asked !== undefined) return trackingApi("GET /experiments/:id", { params: { id: asked } }, { signal });
    const { experiment } = await trackingApi("GET /traces/newest", { signal });
    return experiment === null ? null : trackingApi("GET /experiments/:id", { params: { id: experiment } }, { signal });
  });
  return (
    <Page title="Traces" lead="Calls of applications, step by step, as MLflow's tracing and OpenTelemetry send them.">
      <Loaded query={query}>{(found) => (found === null ? <FirstTrace /> : <ExperimentTraces key={found.id} id={found.id} name={found.name} />)}</Loaded>
    </Page>
  );
}

function ExperimentTraces({ id, name }: { id: string; name: string }) {
  const navigate = useNavigate();
  const [address, change] = useAddress();
  const [filter, order, at] = [address["filter"] ?? "", address["order"] ?? "newest", pageOfAddress(address["page"])];
  const query = useLiveQuery(["tracking", "traces", id, filter, order, at], (signal) =>
    trackingApi("GET /experiments/:id/traces", { params: { id }, query: { limit: size, offset: at * size, ...(filter === "" ? {} : { filter }), ...(order in orders && orders[order as keyof typeof orders] ? { order: orders[order as keyof typeof orders] } : {}) } }, { signal }),
  );
  const refused = query.error instanceof ApiError && query.error.code === "tracking.bad_filter" ? query.error : null;
  return (
    <section className="panel runs" aria-label={`Traces of ${name}`}>
      <div className="runs-bar">
        <ExperimentPicker name={name} onPick={(picked) => void navigate({ to: "/traces", search: { experiment: picked } })} />
        <label className="pair">
          <span>Order</span>
          <select className="select" value={order} onChange={(event) => change({ order: event.target.value === "newest" ? undefined : event.target.value, page: undefined })}>
            <option value="newest">newest first</option>
            <option value="longest">longest first</option>
            <option value="shortest">shortest first</option>
          </select>
        </label>
      </div>
      <TraceFilter filter={filter} error={refused} onChange={(next) => change({ filter: next, page: undefined })} />
      {query.error && !refused ? <ErrorNotice error={query.error} /> : null}
      {refused || !query.data ? (query.error ? null : <output className="loading">Loading…</output>) : query.data.total === 0 ? (
        filter === "" ? <FirstTrace /> : <EmptyNotice title="No trace answers to this filter"><p>Take a part of it away, or clear it to see all traces.</p></EmptyNotice>
      ) : (
        <>
          <output className="small muted">{count(query.data.total, "trace")}</output>
          <TracesTable traces={query.data.traces} />
          <Pager label="traces" at={at} size={size} total={query.data.total} onPage={(page) => change({ page: addressOfPage(page) })} />
        </>
      )}
    </section>
  );
}

export function TracesTable({ traces }: { traces: readonly Trace[] }) {
  const said = (of: (trace: Trace) => number | undefined): boolean => traces.some((trace) => of(trace) !== undefined);
  return (
    <DataTable
      label="Traces"
      rows={traces}
      rowKey={({ id }) => id}
      pageSize={size}
      columns={[
        { key: "name", header: "Trace", render: (trace) => <Anchor to={`/traces/${encodeURIComponent(trace.id)}`}>{traceName(trace)}</Anchor> },
        { key: "state", header: "State", render: ({ state }) => <TraceState state={state} /> },
        { key: "began", header: "Began", align: "nowrap", render: ({ startedAt }) => formatMoment(startedAt) },
        { key: "took", header: "Took", align: "right", render: ({ duration }) => (duration === null ? "–" : formatMilliseconds(duration)) },
        { key: "request", header: "Request", render: ({ requestPreview }) => <span className="preview">{requestPreview ?? "–"}</span> },
        { key: "response", header: "Response", render: ({ responsePreview }) => <span className="preview">{responsePreview ?? "–"}</span> },
        ...(said(tokensOf) ? [{ key: "tokens", header: "Tokens", align: "right" as const, render: (trace: Trace) => formatNumber(tokensOf(trace)) }] : []),
        { key: "judged", header: "Assessments", render: (trace) => <AssessmentBadges assessments={trace.assessments} /> },
        ...(said(traceSize) ? [{ key: "spans", header: "Spans", align: "right" as const, render: (trace: Trace) => formatNumber(traceSize(trace)) }] : []),
      ]}
    />
  );
}

/** What to do when nothing was ever traced. */
function FirstTrace() {
  return (
    <EmptyNotice title="No traces yet">
      <p>
        While <code>millrace up</code> runs, with the <code>mlflow</code> client as it is; OpenTelemetry sends to <code>{location.origin}/v1/traces</code>:
      </p>
      <CodeBlock label="The first trace from Python" text={`import mlflow; mlflow.set_tracking_uri("${location.origin}")\n@mlflow.trace\ndef answer(question): return question.upper()\nanswer("is it turning?")`} />
    </EmptyNotice>
  );
}
