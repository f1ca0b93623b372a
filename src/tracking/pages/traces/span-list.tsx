import { useRef, useState, type KeyboardEvent } from "react";
import { formatMilliseconds } from "../../../ui/format.ts";
import { Icon } from "../../../ui/icon.tsx";
import { spanAttributes } from "../../traces/span-attributes.ts";
import { spanOf, spanRows, type SaidSpan } from "./span-tree.ts";

interface SpanListProps {
  readonly spans: readonly SaidSpan[];
  readonly chosen: string;
  readonly onChoose: (id: string) => void;
}

/**
 * The spans as a tree with their times beside it (the tree view of the ARIA Authoring Practices): arrows walk and choose, left and right fold and unfold, Home and End go to the
 * first and the last.
 */
export function SpanList({ spans, chosen, onChoose }: SpanListProps) {
  const [folded, setFolded] = useState<ReadonlySet<string>>(new Set());
  const items = useRef(new Map<string, HTMLElement>());
  const rows = spanRows(spans, folded);
  const whole = spanOf(spanRows(spans)) || 1;
  const at = Math.max(0, rows.findIndex(({ span }) => span.id === chosen));
  const choose = (index: number): void => {
    const id = rows[Math.max(0, Math.min(rows.length - 1, index))].span.id;
    onChoose(id);
    items.current.get(id)?.focus();
  };
  const fold = (id: string, on: boolean): void => setFolded((old) => new Set(on ? [...old, id] : [...old].filter((one) => one !== id)));
  const walk = (event: KeyboardEvent): void => {
    const { span, children } = rows[at];
    const open = children > 0 && !folded.has(span.id);
    const parent = rows.findIndex((row) => row.span.id === span.parentId);
    const steps: Readonly<Record<string, () => void>> = {
      ArrowDown: () => choose(at + 1),
      ArrowUp: () => choose(at - 1),
      Home: () => choose(0),
      End: () => choose(rows.length - 1),
      ArrowRight: () => (children > 0 && !open ? fold(span.id, false) : open && choose(at + 1)),
      ArrowLeft: () => (open ? fold(span.id, true) : parent >= 0 && choose(parent)),
    };
    if (!Object.hasOwn(steps, event.key)) return;
    event.preventDefault();
    steps[event.key]();
  };
  return (
    <div role="tree" className="spans" aria-label="Spans" onKeyDown={walk} tabIndex={-1}>
      {rows.map(({ span, level, children, offset, duration }, index) => (
        <div
          key={span.id}
          ref={(element) => {
            if (element) items.current.set(span.id, element);
            else items.current.delete(span.id);
          }}
          role="treeitem"
          className={span.status === "error" ? "span-row failed" : "span-row"}
          aria-level={level}
          aria-selected={index === at}
          {...(children > 0 ? { "aria-expanded": !folded.has(span.id) } : {})}
          tabIndex={index === at ? 0 : -1}
          onClick={() => onChoose(span.id)}
          onKeyDown={() => undefined}
        >
          <span className="span-name" style={{ paddingLeft: `${Math.min(level - 1, 12) * 1.1}rem` }}>
            {children > 0 ? (
              <span className="fold" aria-hidden="true" onClick={() => fold(span.id, !folded.has(span.id))}>
                {folded.has(span.id) ? "▸" : "▾"}
              </span>
            ) : (
              <span className="fold" />
            )}
            <span className="span-title">{span.name}</span>
            {typeOf(span) === "" ? null : <small className="span-type">{typeOf(span)}</small>}
            {span.status === "error" ? (
              <span className="span-failed">
                <Icon name="cross" size={12} />
                <span className="visually-hidden">error</span>
              </span>
            ) : null}
          </span>
          <span className="span-bar" aria-hidden="true">
            <i style={{ left: `${(offset / whole) * 100}%`, width: `max(2px, ${((duration ?? whole - offset) / whole) * 100}%)` }} />
          </span>
          <span className="span-took number">{duration === null ? "runs" : formatMilliseconds(duration)}</span>
        </div>
      ))}
    </div>
  );
}

/** `LLM`, `TOOL` and the like; empty when it is not said. */
function typeOf({ attributes }: SaidSpan): string {
  const type = (attributes as Readonly<Record<string, unknown>>)[spanAttributes.type];
  return typeof type === "string" && type !== "UNKNOWN" ? type : "";
}
