import type { PipelineRun, StepRun } from "../../stage.ts";
import { Pairs } from "../../ui/facts.tsx";
import { formatMoment } from "../../ui/format.ts";
import { JsonView } from "../../ui/json-view.tsx";
import { Panel } from "../../ui/panel.tsx";
import { stepText } from "./pipeline-graph.ts";
import { PipelineState } from "./pipeline-state.tsx";
import { StepPrints } from "./step-prints.tsx";

/** One step of a run: what it was asked, what it needed, what came out or went wrong. */
export function StepPanel({ run, step }: { run: PipelineRun; step: StepRun }) {
  const spec = run.spec.steps.find((one) => one.id === step.id);
  const needs = Object.entries(spec?.needs ?? {});
  return (
    <Panel title={`Step ${step.id}`} aside={<PipelineState state={step.state} />}>
      <div className="stack">
        <Pairs
          values={[
            ["Does", <code key="step">{step.step}</code>],
            ["Went", stepText(step)],
            ...(step.startedAt === null ? [] : [["Began", formatMoment(step.startedAt)] as const]),
            ["Needs", needs.length === 0 ? "nothing" : needs.map(([name, from]) => (name === from ? from : `${from} as ${name}`)).join(", ")],
          ]}
        />
        {step.error ? (
          <div className="notice bad">
            <p>{step.error.message}</p>
            <p className="small">
              Error code <code>{step.error.code}</code>
            </p>
          </div>
        ) : null}
        <StepPrints run={run.id} step={step} isCommand={spec?.params["algorithm"] === "run"} />
        <h3>Output</h3>
        {step.output ? <JsonView value={step.output} label={`Output of ${step.id}`} /> : <p className="muted">None {step.state === "running" || step.state === "waiting" ? "yet" : "was made"}.</p>}
        <h3>Parameters</h3>
        <JsonView value={spec?.params ?? {}} label={`Parameters of ${step.id}`} />
      </div>
    </Panel>
  );
}
