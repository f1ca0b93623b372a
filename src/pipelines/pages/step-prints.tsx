import { useEffect, useState } from "react";
import type { StepRun } from "../../stage.ts";
import { plainText } from "../../cli/plain-text.ts";
import { CodeBlock } from "../../ui/json-view.tsx";
import { pipelinesApi } from "./pipelines-api.ts";

/** So much of the end is shown, in characters; the whole is in the run's artifacts. */
const shown = 20_000;
/** How often a running step is asked for more, ms. */
const every = 1000;

/** What the command of a step prints, live while it runs; nothing for steps without one. */
export function StepPrints({ run, step, isCommand }: { run: string; step: StepRun; isCommand: boolean }) {
  const [text, setText] = useState("");
  const waits = step.state === "waiting" || !isCommand;
  useEffect(() => {
    if (waits) return undefined;
    const abort = new AbortController();
    const follow = async (): Promise<void> => {
      setText("");
      for (let from = 0; !abort.signal.aborted; ) {
        const part = await pipelinesApi("GET /runs/:id/steps/:step/output", { params: { id: run, step: step.id }, query: { from } }, { signal: abort.signal });
        if (part.text !== "") setText((before) => (before + part.text).slice(-shown));
        if (part.ended) return;
        if (part.next === from) await new Promise((resolve) => setTimeout(resolve, every));
        from = part.next;
      }
    };
    // A server that does not answer is told at the top of the page.
    follow().catch(() => undefined);
    return () => abort.abort();
  }, [run, step.id, waits]);
  if (!isCommand || text === "") return null;
  return (
    <>
      <h3>Printed</h3>
      <CodeBlock label={`What the command of ${step.id} printed`} text={plainText(text)} />
    </>
  );
}
