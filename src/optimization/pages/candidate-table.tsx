import { Anchor } from "../../ui/anchor.tsx";
import { Badge } from "../../ui/badge.tsx";
import { DataTable, type TableColumn } from "../../ui/data-table.tsx";
import { formatDay, formatNumber, formatPercent } from "../../ui/format.ts";
import type { CandidateComparison, ComparedCandidate } from "../retrainings/types.ts";
import { DifferenceWhisker } from "./difference-whisker.tsx";
import { widestOf } from "./whisker-scale.ts";

/** Every candidate of a retraining beside the champion, the best first. */
export function CandidateTable({ comparison, endpoint, on }: { comparison: CandidateComparison; endpoint: string; on: number }) {
  const { candidates, championLoss, from } = comparison;
  // No candidate can lose less than nothing; one that loses twice as much as the champion, or more, is not worth a scale.
  const most = championLoss !== null && championLoss > 0 ? championLoss : widestOf(candidates.flatMap(({ difference }) => difference ?? []));
  const columns: TableColumn<ComparedCandidate>[] = [
    {
      key: "candidate",
      header: "Candidate",
      render: ({ name, rows, best, difference }) => (
        <>
          <CandidateName name={name} endpoint={endpoint} /> {best ? <Badge tone={difference && difference.mean > 0 ? "good" : "quiet"} icon="check">best</Badge> : null}
          <small className="muted candidate-rows">
            {rows === null ? "as it is" : `trained on ${formatNumber(rows)} rows`}
            {best && from !== null ? `, from ${formatDay(from)} on` : ""}
          </small>
        </>
      ),
    },
    {
      key: "difference",
      header: "Less loss than the champion, 95 % interval",
      render: ({ difference, failed }) =>
        difference === null ? (
          <span className="candidate-failed">not compared: {failed ?? "no reason was kept"}</span>
        ) : (
          <span className="candidate-difference">
            <DifferenceWhisker evidence={{ difference: difference.mean, low: difference.low, high: difference.high }} most={most} />
            <span className="small">
              <b>{shareOf(difference.mean, championLoss)}</b>{" "}
              <span className="muted">
                {shareOf(difference.low, championLoss)} to {shareOf(difference.high, championLoss)}
              </span>
            </span>
          </span>
        ),
    },
  ];
  return <DataTable label={`Candidates of ${formatDay(on)}`} columns={columns} rows={candidates} rowKey={({ name }) => name} pageSize={8} />;
}

/** Earlier versions have a page of their own. */
function CandidateName({ name, endpoint }: { name: string; endpoint: string }) {
  const version = /^version (\d+)$/.exec(name)?.[1];
  return version === undefined ? <>{name}</> : <Anchor to={`/models/${encodeURIComponent(endpoint)}/${version}`}>{name}</Anchor>;
}

/** A difference as a share of the champion's loss; as it is where that is not known. */
const shareOf = (value: number, championLoss: number | null): string => (championLoss === null || championLoss === 0 ? formatNumber(value) : formatPercent(value / championLoss));
