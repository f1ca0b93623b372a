import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Anchor } from "../../ui/anchor.tsx";
import { count } from "../../ui/format.ts";
import { trackingApi } from "./tracking-api.ts";

interface SelectionBarProps {
  readonly selected: ReadonlyMap<string, string>;
  readonly lifecycle: "active" | "deleted";
  readonly onClear: () => void;
}

const mostCompared = 50;
const opposite = (lifecycle: "active" | "deleted") => (lifecycle === "active" ? ("deleted" as const) : ("active" as const));

/** What can be done with the runs that are chosen; what was deleted can be brought back right here. */
export function SelectionBar({ selected, lifecycle, onClear }: SelectionBarProps) {
  const queries = useQueryClient();
  const [done, setDone] = useState<{ readonly runs: readonly string[]; readonly lifecycle: "active" | "deleted" } | null>(null);
  const change = useMutation({
    mutationFn: (body: { runs: string[]; lifecycle: "active" | "deleted" }) => trackingApi("POST /runs/lifecycle", { body }),
    onSuccess: async (_, body) => {
      onClear();
      setDone(body);
      await queries.invalidateQueries({ queryKey: ["tracking"] });
    },
  });
  const ids = [...selected.keys()];
  if (ids.length === 0 && !done && !change.error) return null;
  return (
    <section className="selection" aria-label="Chosen runs">
      {ids.length > 0 ? (
        <>
          <b>{count(ids.length, "run")} chosen</b>
          {ids.length >= 2 && ids.length <= mostCompared ? (
            <Anchor className="button primary" to={`/compare/${ids.map(encodeURIComponent).join(",")}`}>Compare</Anchor>
          ) : (
            <span className="muted small">{ids.length < 2 ? "Choose a second one to compare" : `At most ${mostCompared} can be compared`}</span>
          )}
          <button type="button" className="button" disabled={change.isPending} onClick={() => change.mutate({ runs: ids, lifecycle: opposite(lifecycle) })}>{lifecycle === "active" ? "Delete" : "Restore"}</button>
          <button type="button" className="button quiet" onClick={onClear}>Choose none</button>
        </>
      ) : done ? (
        <>
          <output>{count(done.runs.length, "run")} {done.lifecycle === "deleted" ? "deleted" : "restored"}.</output>
          <button type="button" className="button" disabled={change.isPending} onClick={() => change.mutate({ runs: [...done.runs], lifecycle: opposite(done.lifecycle) })}>Undo</button>
          <button type="button" className="button quiet" onClick={() => setDone(null)}>Close</button>
        </>
      ) : null}
      {change.error ? <span className="filter-error" role="alert">{change.error.message}</span> : null}
    </section>
  );
}
