import { useState } from "react";
import { Badge } from "../../ui/badge.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { count } from "../../ui/format.ts";
import { Panel } from "../../ui/panel.tsx";
import type { Tone } from "../../ui/tone.ts";
import type { Difference } from "../compare.ts";

const tones: Readonly<Record<Difference["status"], Tone>> = { added: "good", removed: "bad", changed: "copper", same: "quiet" };

/** What differs in one ingredient; what is the same on demand. */
export function DifferencePanel({ title, differences }: { title: string; differences: readonly Difference[] }) {
  const [whole, setWhole] = useState(false);
  const different = differences.filter(({ status }) => status !== "same");
  const same = differences.length - different.length;
  const shown = whole ? differences : different;
  return (
    <Panel
      title={title}
      aside={
        same > 0 ? (
          <button type="button" className="button quiet" aria-pressed={whole} onClick={() => setWhole(!whole)}>
            {whole ? "Only what differs" : `Also the ${same} that ${same === 1 ? "is" : "are"} the same`}
          </button>
        ) : null
      }
    >
      {shown.length === 0 ? (
        <p className="muted">{differences.length === 0 ? "Nothing is recorded on either side." : `No difference: ${count(same, "thing")} the same.`}</p>
      ) : (
        <DataTable
          label={title}
          rows={shown}
          rowKey={({ name }) => name}
          columns={[
            { key: "name", header: "What", render: ({ name }) => name },
            { key: "status", header: "How", render: ({ status }) => <Badge tone={tones[status]}>{status}</Badge> },
            { key: "a", header: "A", render: ({ a }) => <Value text={a} /> },
            { key: "b", header: "B", render: ({ b }) => <Value text={b} /> },
          ]}
        />
      )}
    </Panel>
  );
}

const Value = ({ text }: { text: string | null }) => (text === null ? <span className="muted">–</span> : <code style={{ overflowWrap: "anywhere" }}>{text}</code>);
