export type SortValue = number | string | null | undefined;

export interface Sorting {
  readonly column: string;
  readonly descending: boolean;
}

/** Rows in the order of one value; what has none comes last either way, equal ones stay as they were. */
export function sortRows<Row>(rows: readonly Row[], valueOf: (row: Row) => SortValue, descending: boolean): Row[] {
  const missing = (value: SortValue): value is null | undefined => value === null || value === undefined || Number.isNaN(value);
  return [...rows].sort((a, b) => {
    const [left, right] = [valueOf(a), valueOf(b)];
    if (missing(left) || missing(right)) return Number(missing(left)) - Number(missing(right));
    const order = typeof left === "number" && typeof right === "number" ? left - right : String(left).localeCompare(String(right), "en", { numeric: true });
    return descending ? -order : order;
  });
}
