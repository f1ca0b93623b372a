import type { ReactNode } from "react";

export interface Fact {
  readonly name: string;
  readonly value: ReactNode;
  /** Small print under the value. */
  readonly note?: ReactNode;
}

/** A few facts side by side: what it is, how much. */
export function Facts({ facts }: { facts: readonly Fact[] }) {
  return (
    <dl className="facts">
      {facts.map((fact) => (
        <div key={fact.name}>
          <dt>{fact.name}</dt>
          <dd>
            {fact.value}
            {fact.note ? <small>{fact.note}</small> : null}
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** Names and values below each other, for parameters and the like; `many` of them in several columns. */
export function Pairs({ values, many = false }: { values: readonly (readonly [string, ReactNode])[]; many?: boolean }) {
  return (
    <dl className={many ? "pairs many" : "pairs"}>
      {values.map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
