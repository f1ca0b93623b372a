import { Facts, Pairs } from "../../../ui/facts.tsx";
import { formatMilliseconds, formatMoment } from "../../../ui/format.ts";
import { CodeBlock, JsonView } from "../../../ui/json-view.tsx";
import { Panel } from "../../../ui/panel.tsx";
import { spanAttributes } from "../../traces/span-attributes.ts";
import { AssessButton } from "./assess-button.tsx";
import type { SaidSpan, SpanRow } from "./span-tree.ts";
import { TraceState } from "./trace-state.tsx";

/** One span: what went in, what came out, when, and everything else it says. */
export function SpanPanel({ traceId, row: { span, offset, duration } }: { traceId: string; row: SpanRow }) {
  const attributes = span.attributes as Readonly<Record<string, unknown>>;
  const shown = new Set<string>([spanAttributes.inputs, spanAttributes.outputs, spanAttributes.traceId, spanAttributes.type]);
  const others = Object.entries(attributes).filter(([key]) => !shown.has(key));
  return (
    <Panel title={span.name} aside={
      <span className="row">
        <AssessButton traceId={traceId} of={`the span ${span.name}`} spanId={span.id} />
        <TraceState state={span.status} />
      </span>
    }>
      <div className="stack">
        <Facts
          facts={[
            { name: "Took", value: duration === null ? "still runs" : formatMilliseconds(duration), note: `begins ${formatMilliseconds(offset)} after the first` },
            ...(typeof attributes[spanAttributes.type] === "string" ? [{ name: "Type", value: attributes[spanAttributes.type] as string }] : []),
            { name: "Span id", value: <code>{span.id}</code> },
          ]}
        />
        {span.statusMessage === "" ? null : <p className="span-fault">{span.statusMessage}</p>}
        <Value title="Inputs" value={attributes[spanAttributes.inputs]} />
        <Value title="Outputs" value={attributes[spanAttributes.outputs]} />
        {span.events.map((event, index) => (
          <SpanEvent key={`${event.at} ${index}`} event={event} />
        ))}
        {others.length > 0 ? (
          <section>
            <h3>Attributes</h3>
            <Pairs values={others.map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)] as const)} />
          </section>
        ) : null}
        {span.links.length > 0 ? (
          <section>
            <h3>Links to other spans</h3>
            <ul>
              {span.links.map((link) => (
                <li key={`${link.otelTraceId} ${link.spanId}`}>
                  <code>
                    {link.otelTraceId}/{link.spanId}
                  </code>
                </li>
              ))}
            </ul>
          </section>
        ) : null}
      </div>
    </Panel>
  );
}

function Value({ title, value }: { title: string; value: unknown }) {
  if (value === undefined) return null;
  return (
    <section>
      <h3>{title}</h3>
      {typeof value === "string" ? <CodeBlock label={title} text={value} /> : <JsonView label={title} value={value} />}
    </section>
  );
}

/** An event of a span; an exception with its stack, as OpenTelemetry names the parts. */
function SpanEvent({ event: { name, at, attributes } }: { event: SaidSpan["events"][number] }) {
  const said = attributes as Readonly<Record<string, unknown>>;
  const stack = said["exception.stacktrace"];
  const moment = formatMoment(Number(BigInt(at) / 1_000_000n));
  const rest = Object.fromEntries(Object.entries(said).filter(([key]) => key !== "exception.stacktrace"));
  return (
    <section>
      <h3>
        Event {name} <small className="muted">{moment}</small>
      </h3>
      {Object.keys(rest).length > 0 ? <JsonView label={`Event ${name}`} value={rest} /> : null}
      {typeof stack === "string" ? <CodeBlock label={`Stack of ${name}`} text={stack} /> : null}
    </section>
  );
}
