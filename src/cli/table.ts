import Table from "cli-table3";
import colors from "picocolors";

/** Rows as a table for people; numbers to the right. Says `empty` when there are none. */
export function table(head: readonly string[], rows: readonly (readonly (string | number)[])[], empty: string): string {
  if (rows.length === 0) return empty;
  const numeric = head.map((_, column) => rows.every((row) => typeof row[column] === "number" || /^[\d.,+-]*( %)?$/.test(String(row[column]))));
  const printed = new Table({
    head: head.map((name) => colors.bold(name)),
    colAligns: numeric.map((right) => (right ? "right" : "left")),
    style: { head: [], border: [], compact: true },
    chars: { top: "", "top-mid": "", "top-left": "", "top-right": "", bottom: "", "bottom-mid": "", "bottom-left": "", "bottom-right": "", left: "", "left-mid": "", mid: "", "mid-mid": "", right: "", "right-mid": "", middle: "  " },
  });
  for (const row of rows) printed.push(row.map(String));
  return printed.toString();
}

/** A moment as people read it. */
export const moment = (time: number | null): string => (time === null ? "" : new Date(time).toISOString().slice(0, 16).replace("T", " "));
