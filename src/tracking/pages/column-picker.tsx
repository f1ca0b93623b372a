import { useEffect, useRef, useState } from "react";
import { count } from "../../ui/format.ts";
import { partsOf, readColumns, columnTitle } from "./run-columns.ts";

interface ColumnPickerProps {
  readonly columns: readonly string[];
  readonly all: readonly string[];
  /** Of how many runs, the newest, the columns are known. */
  readonly of: number;
  /** Undefined goes back to the usual ones. */
  readonly onChange: (columns: readonly string[] | undefined) => void;
}

const kinds: readonly (readonly [string, string])[] = [["attributes", "The run"], ["metrics", "Metrics"], ["params", "Params"], ["tags", "Tags"]];
const mostListed = 300;

/** Which columns the table has: searched by name, all or none of what is found at once. */
export function ColumnPicker({ columns, all, of, onChange }: ColumnPickerProps) {
  const [open, setOpen] = useState(false);
  const [text, setText] = useState("");
  const place = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return undefined;
    const outside = (event: PointerEvent): void => void (place.current?.contains(event.target as Node) || setOpen(false));
    document.addEventListener("pointerdown", outside);
    return () => document.removeEventListener("pointerdown", outside);
  }, [open]);
  const known = [...new Set([...all, ...columns])];
  const found = known.filter((column) => `${column} ${columnTitle(column)}`.toLowerCase().includes(text.trim().toLowerCase()));
  const shown = found.slice(0, mostListed);
  const typed = readColumns(text.trim().replaceAll(",", "%2C"))[0];
  // In the order of the list, so that a column does not jump to the end when it is taken away and back.
  const set = (next: ReadonlySet<string>): void => onChange(known.filter((column) => next.has(column)));
  return (
    // Escape closes it wherever in it the focus is.
    // eslint-disable-next-line jsx-a11y/no-static-element-interactions
    <div className="picker" ref={place} onKeyDown={(event) => { if (event.key === "Escape") { setOpen(false); button.current?.focus(); } }}>
      <button ref={button} type="button" className="button" aria-expanded={open} aria-controls="columns" onClick={() => setOpen(!open)}>
        Columns
      </button>
      {open ? (
        <section id="columns" className="picker-body" aria-label="Columns of the table">
          {/* The box was asked for by a button; typing is what comes next. */}
          {/* eslint-disable-next-line jsx-a11y/no-autofocus */}
          <input className="input" autoFocus value={text} placeholder="Search columns" aria-label="Search columns" onChange={(event) => setText(event.target.value)} />
          <p className="row">
            <button type="button" className="button quiet" onClick={() => set(new Set([...columns, ...found]))}>All</button>
            <button type="button" className="button quiet" onClick={() => set(new Set(columns.filter((column) => !found.includes(column))))}>None</button>
            <button type="button" className="button quiet" onClick={() => onChange(undefined)}>Usual</button>
          </p>
          <div className="picker-list">
            {kinds.map(([kind, name]) => {
              const own = shown.filter((column) => partsOf(column).kind === kind);
              return own.length === 0 ? null : (
                <fieldset key={kind} className="choices">
                  <legend>{name}</legend>
                  {own.map((column) => (
                    <label key={column}>
                      <input type="checkbox" checked={columns.includes(column)} onChange={(event) => set(new Set(event.target.checked ? [...columns, column] : columns.filter((one) => one !== column)))} />
                      {kind === "attributes" ? columnTitle(column) : partsOf(column).key}
                    </label>
                  ))}
                </fieldset>
              );
            })}
          </div>
          {found.length > shown.length ? <p className="small muted">{count(found.length - shown.length, "more column")}: search to narrow them down.</p> : null}
          {typed !== undefined && !known.includes(typed) ? <button type="button" className="button" onClick={() => { onChange([...columns, typed]); setText(""); }}>Add {typed}</button> : null}
          <p className="small muted">Those of the newest {count(of, "run")}; another is added by its whole name, such as <code>metrics.loss</code>.</p>
        </section>
      ) : null}
    </div>
  );
}
