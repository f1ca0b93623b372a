import { useId, useRef, useState, type ReactNode } from "react";

interface FilterFormProps {
  /** What the box is called. */
  readonly label: string;
  readonly filter: string;
  readonly example: string;
  /** How the language reads, while nothing is wrong. */
  readonly usage: ReactNode;
  /** Why the filter was refused. */
  readonly error: Error | null;
  readonly onChange: (filter: string) => void;
}

/** A box for a search language: applied by Enter, an error stands right below what was typed. */
export function FilterForm({ label, filter, example, usage, error, onChange }: FilterFormProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [{ text, applied }, setText] = useState({ text: filter, applied: filter });
  // Another filter, by a link or the way back, is what the box says then. It is the same box: whoever types in it keeps the focus.
  if (applied !== filter) setText({ text: filter, applied: filter });
  return (
    <search>
      <form
        className="filter"
        onSubmit={(event) => {
          event.preventDefault();
          onChange(text.trim());
        }}
      >
        <label className="visually-hidden" htmlFor={id}>
          {label}
        </label>
        <input
          ref={input}
          id={id}
          className="input"
          value={text}
          placeholder={example}
          spellCheck={false}
          autoComplete="off"
          aria-invalid={error !== null}
          aria-describedby={`${id}-note`}
          onChange={(event) => setText({ text: event.target.value, applied })}
        />
        <button type="submit" className="button">
          Filter
        </button>
        {filter === "" ? null : (
          <button
            type="button"
            className="button quiet"
            onClick={() => {
              onChange("");
              // This button goes with the filter.
              input.current?.focus();
            }}
          >
            Clear
          </button>
        )}
        <p id={`${id}-note`} className={error ? "filter-error" : "small muted"} role={error ? "alert" : undefined}>
          {error ? (
            <>
              {error.message}. An example: <code>{example}</code>
            </>
          ) : (
            usage
          )}
        </p>
      </form>
    </search>
  );
}
