import { DataTable } from "../../../ui/data-table.tsx";
import { formatMoment } from "../../../ui/format.ts";
import { Markdown } from "../../../ui/markdown.tsx";
import { Panel } from "../../../ui/panel.tsx";
import type { Assessment } from "../../traces/types.ts";
import { AssessButton, AssessmentButtons } from "./assess-button.tsx";
import { valueText } from "./assessment-badges.tsx";

interface AssessmentsProps {
  readonly traceId: string;
  readonly assessments: readonly Assessment[];
  readonly spanName: (id: string) => string;
}

/** Who judged a trace or a span of it, how, and why, and the way to judge; what was corrected later is there still, and says so. */
export function AssessmentsPanel({ traceId, assessments, spanName }: AssessmentsProps) {
  const assess = <AssessButton traceId={traceId} of="the trace" />;
  if (assessments.length === 0) {
    return (
      <Panel title="Assessments" aside={assess}>
        <p className="muted">Nobody has judged it yet.</p>
      </Panel>
    );
  }
  return (
    <Panel title="Assessments" aside={assess}>
      <DataTable
        label="Assessments"
        rows={assessments}
        rowKey={({ id }) => id}
        columns={[
          { key: "name", header: "Name", sort: ({ name }) => name, render: ({ name }) => name },
          { key: "value", header: "Value", render: (one) => (one.kind === "issue" ? "issue" : <span className="preview">{valueText(one)}{one.valid ? "" : " (corrected)"}</span>) },
          { key: "kind", header: "Kind", render: ({ kind }) => kind },
          { key: "who", header: "Who", render: ({ source }) => `${source.id} (${source.type.toLowerCase().replaceAll("_", " ")})` },
          { key: "of", header: "Of", render: ({ spanId }) => (spanId === null ? "the trace" : spanName(spanId)) },
          { key: "why", header: "Why", align: "wide", render: ({ rationale, error }) => (error ? error.message : rationale === null || rationale === "" ? "–" : <Markdown text={rationale} />) },
          { key: "when", header: "When", align: "nowrap", sort: ({ updatedAt }) => updatedAt, render: ({ updatedAt }) => formatMoment(updatedAt) },
          { key: "actions", header: "Actions", align: "nowrap", render: (one) => <AssessmentButtons assessment={one} /> },
        ]}
      />
    </Panel>
  );
}
