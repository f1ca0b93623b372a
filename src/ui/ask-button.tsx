import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState, type FormEvent, type ReactNode } from "react";
import { createPortal } from "react-dom";
import "./ask-button.css";
import { mostListed } from "./choice.tsx";

export interface AskField {
  readonly name: string;
  readonly label: string;
  readonly initial?: string;
  readonly required?: boolean;
  /** Several lines. */
  readonly long?: boolean;
  /** One of these; with `many`, any of them, which arrive with commas between. */
  readonly options?: readonly string[];
  readonly many?: boolean;
}

interface AskButtonProps {
  readonly label: string;
  /** What the label alone does not say, where there are several such buttons; begins with the label. */
  readonly name?: string;
  /** The heading of the dialog: what is about to be done. */
  readonly title: string;
  /** What it means. */
  readonly children?: ReactNode;
  readonly confirm: string;
  readonly fields: readonly AskField[];
  /** Does it; what it throws is shown in the dialog, which stays open. */
  readonly run: (values: Readonly<Record<string, string>>) => Promise<unknown>;
  readonly quiet?: boolean;
}

/** A button for something that changes the house: asks for what is needed (and why) in a dialog, does it, and has the page look again. */
export function AskButton({ label, name, quiet = false, ...dialog }: AskButtonProps) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className={quiet ? "button quiet" : "button"} aria-label={name} onClick={() => setOpen(true)}>
        {label}
      </button>
      {/* Wherever the button stands: a paragraph, say, holds no dialog. */}
      {open ? createPortal(<AskDialog {...dialog} onClose={() => setOpen(false)} />, document.body) : null}
    </>
  );
}

function AskDialog({ title, children, confirm, fields, run, onClose }: Omit<AskButtonProps, "label" | "name" | "quiet"> & { readonly onClose: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [fault, setFault] = useState<string>();
  const [busy, setBusy] = useState(false);
  const queries = useQueryClient();
  const id = useId();
  useEffect(() => dialog.current?.showModal(), []);
  const submit = async (event: FormEvent<HTMLFormElement>): Promise<void> => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const valueOf = (name: string): string => form.getAll(name).map((value) => (typeof value === "string" ? value.trim() : "")).join(",");
    setBusy(true);
    setFault(undefined);
    try {
      await run(Object.fromEntries(fields.map(({ name }) => [name, valueOf(name)])));
      await queries.invalidateQueries();
      dialog.current?.close();
    } catch (error) {
      setFault((error as Error).message);
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} className="ask" aria-labelledby={id} onClose={onClose}>
      <form onSubmit={(event) => void submit(event)}>
        <h2 id={id}>{title}</h2>
        {children ? <div className="small muted">{children}</div> : null}
        {fields.map((field) => (
          <Field key={field.name} field={field} />
        ))}
        {fault ? (
          <p className="ask-fault" role="alert">
            {fault}
          </p>
        ) : null}
        <div className="row ask-buttons">
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
          <button type="submit" className="button strong" disabled={busy}>
            {confirm}
          </button>
        </div>
      </form>
    </dialog>
  );
}

function Field({ field: { name, label, initial = "", required = false, long = false, options, many = false } }: { field: AskField }) {
  const id = useId();
  if (options && many) {
    const chosen = initial.split(",");
    return (
      <fieldset className="ask-many">
        <legend>{label}</legend>
        {options.map((option) => (
          <label key={option}>
            <input type="checkbox" name={name} value={option} defaultChecked={chosen.includes(option)} /> {option}
          </label>
        ))}
      </fieldset>
    );
  }
  return (
    <div className="ask-field">
      <label htmlFor={id}>{label}</label>
      {options && options.length > mostListed ? (
        <>
          <input id={id} className="text-input" name={name} defaultValue={initial} required={required} autoComplete="off" list={`${id}-known`} />
          <datalist id={`${id}-known`}>
            {options.map((option) => (
              <option key={option}>{option}</option>
            ))}
          </datalist>
        </>
      ) : options ? (
        <select id={id} className="select" name={name} defaultValue={initial} required={required}>
          {options.map((option) => (
            <option key={option}>{option}</option>
          ))}
        </select>
      ) : long ? (
        <textarea id={id} className="text-input" name={name} defaultValue={initial} required={required} rows={10} />
      ) : (
        <input id={id} className="text-input" name={name} defaultValue={initial} required={required} autoComplete="off" />
      )}
    </div>
  );
}
