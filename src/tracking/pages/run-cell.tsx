import { formatDuration } from "../../clock.ts";
import { formatMoment, formatNumber } from "../../ui/format.ts";
import type { RunRow } from "../run-table.ts";
import { partsOf } from "./run-columns.ts";
import { RunStatus } from "./run-status.tsx";

/** What a run has in a column. */
export function RunCell({ row, column }: { row: RunRow; column: string }) {
  const { kind, key } = partsOf(column);
  if (kind === "attributes") {
    if (key === "status") return <RunStatus status={row.status} />;
    if (key === "start_time") return <>{formatMoment(row.startedAt)}</>;
    if (key === "duration") return <>{row.endedAt === null ? "–" : formatDuration(Math.max(0, row.endedAt - row.startedAt))}</>;
    return <>{row.userId}</>;
  }
  const value = row.values[column];
  if (value === undefined) return <span className="muted">–</span>;
  if (kind !== "metrics") return <span title={String(value)}>{value}</span>;
  const number = Number(value);
  return <span title={String(value)}>{Number.isNaN(number) ? "NaN" : formatNumber(number)}</span>;
}
