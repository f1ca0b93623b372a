import { formatNumber } from "./format.ts";

interface PagerProps {
  /** What it turns the pages of. */
  readonly label: string;
  /** The page shown, from 0. */
  readonly at: number;
  /** Things on a page. */
  readonly size: number;
  readonly total: number;
  readonly onPage: (page: number) => void;
}

/** Turns pages; nothing where there is one only. */
export function Pager({ label, at, size, total, onPage }: PagerProps) {
  if (total <= size) return null;
  return (
    <nav className="pager" aria-label={`Pages of ${label}`}>
      <span>
        {formatNumber(at * size + 1)}–{formatNumber(Math.min(total, (at + 1) * size))} of {formatNumber(total)}
      </span>
      <button type="button" className="button" disabled={at === 0} onClick={() => onPage(at - 1)}>
        Previous
      </button>
      <button type="button" className="button" disabled={(at + 1) * size >= total} onClick={() => onPage(at + 1)}>
        Next
      </button>
    </nav>
  );
}

/** The page of an address, from 0, of its word from 1; and back, where the first is not said. */
export const pageOfAddress = (text: string | undefined): number => Math.max(0, Math.floor(Number(text ?? 1)) - 1) || 0;
export const addressOfPage = (page: number): string | undefined => (page === 0 ? undefined : String(page + 1));
