import { useId, useLayoutEffect, useRef, useState, type KeyboardEvent } from "react";
import "./picker.css";

export interface PickerOption {
  readonly id: string;
  readonly name: string;
  /** Small print beside the name. */
  readonly note?: string;
}

interface PickerProps {
  readonly label: string;
  /** The name of what is chosen. */
  readonly chosen: string;
  /** What the words typed so far find, best first; as many as are worth showing. */
  readonly options: readonly PickerOption[];
  /** How many there are of them in all. */
  readonly total: number;
  /** Hears the words as they are typed; empty for none. */
  readonly onSearch: (words: string) => void;
  readonly onPick: (option: PickerOption) => void;
}

/**
 * Chooses one of many by typing: the combobox of the ARIA Authoring Practices (editable, with a list, no inline completion). Arrows walk the list, Enter
 * chooses, Escape leaves everything as it was.
 */
export function Picker({ label, chosen, options, total, onSearch, onPick }: PickerProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const [words, setWords] = useState<string | null>(null);
  const [active, setActive] = useState(0);
  const open = words !== null;
  const at = Math.min(active, options.length - 1);
  // What is typed after the list was shut begins a new search.
  useLayoutEffect(() => {
    if (!open && document.activeElement === input.current) input.current?.select();
  }, [open]);
  const search = (next: string | null): void => {
    setWords(next);
    setActive(0);
    onSearch(next ?? "");
  };
  const pick = (option: PickerOption): void => {
    search(null);
    onPick(option);
  };
  const walk = (event: KeyboardEvent): void => {
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      if (!open) return search("");
      setActive(Math.max(0, Math.min(options.length - 1, at + step)));
      document.getElementById(`${id}-${Math.max(0, Math.min(options.length - 1, at + step))}`)?.scrollIntoView({ block: "nearest" });
    } else if (event.key === "Enter" && open) {
      event.preventDefault();
      if (options[at]) pick(options[at]);
    } else if (event.key === "Escape" && open) {
      event.preventDefault();
      search(null);
    }
  };
  return (
    <div className="combo" onBlur={(event) => event.currentTarget.contains(event.relatedTarget) || search(null)}>
      <label htmlFor={id}>{label}</label>
      <input
        ref={input}
        id={id}
        className="text-input"
        role="combobox"
        aria-expanded={open}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        {...(open && at >= 0 ? { "aria-activedescendant": `${id}-${at}` } : {})}
        value={words ?? chosen}
        title={chosen}
        autoComplete="off"
        spellCheck={false}
        onChange={(event) => search(event.target.value)}
        onClick={() => open || search("")}
        onFocus={(event) => event.target.select()}
        onKeyDown={walk}
      />
      <div className="combo-list" hidden={!open}>
        {/* The list follows the box's keys and is no stop of its own, which no element of HTML does. */}
        {/* eslint-disable-next-line jsx-a11y/prefer-tag-over-role */}
        <div id={`${id}-list`} role="listbox" aria-label={label}>
          {(open ? options : []).map((option, index) => (
            // eslint-disable-next-line jsx-a11y/click-events-have-key-events
            <div
              key={option.id}
              id={`${id}-${index}`}
              // eslint-disable-next-line jsx-a11y/prefer-tag-over-role
              role="option"
              tabIndex={-1}
              aria-selected={index === at}
              // Before the box loses the focus, which would shut the list.
              onMouseDown={(event) => event.preventDefault()}
              onClick={() => pick(option)}
            >
              {option.name}
              {option.note ? <small>{option.note}</small> : null}
            </div>
          ))}
        </div>
        <output className="combo-more">
          {!open ? "" : options.length === 0 ? "Nothing has all of these words." : total > options.length ? `${(total - options.length).toLocaleString("en-US")} more: type to find them.` : ""}
        </output>
      </div>
    </div>
  );
}
