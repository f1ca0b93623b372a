import { Anchor } from "../../ui/anchor.tsx";
import { Badge } from "../../ui/badge.tsx";
import { count } from "../../ui/format.ts";
import type { IconName } from "../../ui/icon.tsx";
import type { Tone } from "../../ui/tone.ts";
import { Wheel } from "../wheel.tsx";
import type { LoopFacts } from "./loop-facts.ts";
import "./race.css";
import { stageCards, type StageCard } from "./stage-cards.ts";

const states: Readonly<Record<StageCard["state"], { readonly tone: Tone; readonly icon: IconName; readonly text: string }>> = {
  idle: { tone: "good", icon: "check", text: "idle" },
  working: { tone: "water", icon: "play", text: "working" },
  attention: { tone: "copper", icon: "alert", text: "attention" },
  empty: { tone: "quiet", icon: "skip", text: "empty" },
};

/** The loop as a mill race: the stages stand around it in order of life, the wheel in its middle. */
export function Race({ facts }: { facts: LoopFacts }) {
  const working = facts.running !== null;
  return (
    <section className={working ? "race working" : "race"} aria-label="The loop, stage by stage">
      <div className="race-water" aria-hidden="true" />
      <ol>
        {stageCards(facts).map((card) => (
          <li key={card.stage} className={`stage at-${card.stage} is-${card.state}`}>
            <Anchor to={card.to} className="stage-card">
              <span className="stage-head">
                <b>{card.title}</b>
                <Badge tone={states[card.state].tone} icon={states[card.state].icon}>
                  {states[card.state].text}
                </Badge>
              </span>
              <span className="stage-headline">{card.headline}</span>
              <span className="stage-detail">{card.detail || "\u00a0"}</span>
            </Anchor>
          </li>
        ))}
      </ol>
      <Hub facts={facts} />
    </section>
  );
}

function Hub({ facts: { running, decisions, deployment } }: { facts: LoopFacts }) {
  // Who answers is a matter of the deployment alone: an alias moves no traffic.
  const champion = deployment?.variants.find((variant) => variant.name === "champion")?.version;
  const of = (kind: string): number => decisions.filter((decision) => decision.kind === kind).length;
  return (
    <div className="hub">
      <Wheel turning={running !== null} size={92} />
      <p className="hub-version">{champion === undefined ? "No version serves yet" : `Version ${champion} serves`}</p>
      {decisions.length > 0 ? (
        <p className="muted small">
          {count(of("alarm"), "alarm")}, {count(of("promoted"), "promotion")}, {count(of("rolled_back"), "rollback")}
          {of("gate_rejected") > 0 ? `, ${count(of("gate_rejected"), "time")} the champion stayed` : ""}
        </p>
      ) : null}
    </div>
  );
}
