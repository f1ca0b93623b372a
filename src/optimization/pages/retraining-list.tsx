import { useState } from "react";
import { count, formatDay, formatPercent } from "../../ui/format.ts";
import { EmptyNotice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { Retraining } from "../retrainings/types.ts";
import type { Loop } from "../types.ts";
import { RetrainingDetails } from "./retraining-details.tsx";
import { RetrainingOutcome } from "./retraining-outcome.tsx";
import "./retraining-list.css";

const step = 8;

/** Every retraining, the newest first and open, with what it compared. */
export function RetrainingList({ retrainings, loop }: { retrainings: readonly Retraining[]; loop: Loop }) {
  const [most, setMost] = useState(step);
  if (retrainings.length === 0) return <NoRetraining loop={loop} />;
  const newest = retrainings.toReversed();
  return (
    <Panel title="Retrainings" note="From the alarm that began it to what came of it: the rows it compared on, every candidate beside the champion, what is believed and what it cost.">
      <div className="retrainings">
        {newest.slice(0, most).map((retraining) => (
          <OneRetraining key={retraining.id} retraining={retraining} endpoint={loop.endpoint} opened={retraining === newest[0]} />
        ))}
      </div>
      {newest.length > most ? (
        <button type="button" className="button" style={{ marginTop: "0.8rem" }} onClick={() => setMost(most + step)}>
          Show {Math.min(step, newest.length - most)} more of {newest.length - most}
        </button>
      ) : null}
    </Panel>
  );
}

function OneRetraining({ retraining, endpoint, opened }: { retraining: Retraining; endpoint: string; opened: boolean }) {
  // A newer one that comes does not close what somebody reads.
  const [open, setOpen] = useState(opened);
  const { time, comparison, alarm } = retraining;
  const best = comparison?.candidates.find((one) => one.best);
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <time dateTime={new Date(time).toISOString()}>{formatDay(time)}</time>
        <RetrainingOutcome retraining={retraining} />
        <span>
          {alarmNames[String(alarm.evidence["kind"])] ?? "alarm"}
          {best && comparison ? (
            <span className="muted">
              : {best.name}, best of {count(comparison.candidates.length, "candidate")}
              {comparison.gain !== null && comparison.gain > 0 ? `, ${formatPercent(comparison.gain)} less loss for sure enough` : ""}
            </span>
          ) : null}
        </span>
      </summary>
      {open ? <RetrainingDetails retraining={retraining} endpoint={endpoint} /> : null}
    </details>
  );
}

const alarmNames: Readonly<Record<string, string>> = { performance: "live loss rose", drift: "drift", data: "new labelled rows" };

function NoRetraining({ loop }: { loop: Loop }) {
  const { on } = loop.project.retrain;
  return (
    <EmptyNotice title="No retraining yet">
      <p>
        {on.length === 0 ? "None begins by itself: retrain.on of the project file names nothing." : `One begins on ${on.join(" or ")} (retrain.on of the project file), once labels have come.`}{" "}
        {loop.clock === "real" ? (
          <>
            <code>millrace up</code> keeps the loop turning;
          </>
        ) : (
          "The loop turns by a replay;"
        )}{" "}
        <code>millrace replay FILE.yaml</code> shows what it does on a table with a time column.
      </p>
    </EmptyNotice>
  );
}
