import { useId, type ReactNode } from "react";

/** A part of a page under its own heading. */
export function Panel({ title, note, aside, children }: { title: string; note?: ReactNode; aside?: ReactNode; children: ReactNode }) {
  const id = useId();
  return (
    <section className="panel" aria-labelledby={id}>
      <div className="panel-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {note ? <p className="panel-note">{note}</p> : null}
      {children}
    </section>
  );
}
