import { FilterForm } from "../filter-form.tsx";

const example = "trace.status = 'ERROR' AND trace.execution_time_ms > 500";

const usage = (
  <>
    <code>trace.</code>(name, status, timestamp_ms, execution_time_ms, text), <code>tag.</code>, <code>metadata.</code>, <code>span.</code>, <code>feedback.</code>, <code>expectation.</code>; <code>trace.text ILIKE '%words%'</code> looks into inputs and outputs
  </>
);

interface TraceFilterProps {
  readonly filter: string;
  /** Why the filter was refused. */
  readonly error: Error | null;
  readonly onChange: (filter: string) => void;
}

/** The box for the search language over traces. */
export function TraceFilter(props: TraceFilterProps) {
  return <FilterForm {...props} label="Filter traces" example={example} usage={usage} />;
}
