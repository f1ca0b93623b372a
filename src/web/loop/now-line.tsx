import { formatMoment } from "../../ui/format.ts";
import { Icon } from "../../ui/icon.tsx";
import type { LoopFacts } from "./loop-facts.ts";
import { situation } from "./situation.ts";

/** What is going on now and what is wrong, in sentences; read out when it changes. */
export function NowLine({ facts }: { facts: LoopFacts }) {
  const { going, wrong } = situation(facts);
  return (
    <div className="now" aria-live="polite">
      <p>
        <span className={facts.running ? "now-mark working" : "now-mark"}>
          <Icon name={facts.running ? "play" : "wait"} size={15} />
        </span>
        {going}
        {facts.tick ? <span className="muted"> The loop stands at {formatMoment(facts.tick.time)}.</span> : null}
      </p>
      {wrong.map((sentence) => (
        <p key={sentence}>
          <span className="now-mark attention">
            <Icon name="alert" size={15} />
          </span>
          {sentence}
        </p>
      ))}
    </div>
  );
}
