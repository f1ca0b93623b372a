import { useState } from "react";

const example = "trace.status = 'ERROR' AND trace.execution_time_ms > 500";

interface TraceFilterProps {
  readonly filter: string;
  /** Why the filter was refused. */
  readonly error: Error | null;
  readonly onChange: (filter: string) => void;
}

/** The box for the search language over traces: applied by Enter, an error stands right below what was typed. */
export function TraceFilter({ filter, error, onChange }: TraceFilterProps) {
  const [text, setText] = useState(filter);
  return (
    <search>
      <form
        className="filter"
        onSubmit={(event) => {
          event.preventDefault();
          onChange(text.trim());
        }}
      >
        <label className="visually-hidden" htmlFor="trace-filter">
          Filter traces
        </label>
        <input
          id="trace-filter"
          className="input"
          value={text}
          placeholder={example}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={error !== null}
          aria-describedby="trace-filter-note"
          onChange={(event) => setText(event.target.value)}
        />
        <button type="submit" className="button">
          Filter
        </button>
        {filter === "" ? null : (
          <button type="button" className="button quiet" onClick={() => onChange("")}>
            Clear
          </button>
        )}
        <p id="trace-filter-note" className={error ? "filter-error" : "small muted"} role={error ? "alert" : undefined}>
          {error ? (
            <>
              {error.message}. An example: <code>{example}</code>
            </>
          ) : (
            <>
              <code>trace.</code>(name, status, timestamp_ms, execution_time_ms, text), <code>tag.</code>, <code>metadata.</code>, <code>span.</code>, <code>feedback.</code>, <code>expectation.</code>; <code>trace.text ILIKE '%words%'</code> looks into inputs and outputs
            </>
          )}
        </p>
      </form>
    </search>
  );
}
