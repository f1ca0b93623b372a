import { lossOf } from "../../monitoring/error-sums.ts";
import { aggregateErrors } from "../../monitoring/pages/aggregate-errors.ts";
import { ErrorChart } from "../../monitoring/pages/error-chart.tsx";
import { DecisionList } from "../../optimization/pages/decision-list.tsx";
import { decisionMarkerLegend, decisionMarkers } from "../../optimization/pages/decision-markers.ts";
import { Anchor } from "../../ui/anchor.tsx";
import { useCurrentModel } from "../../ui/current-model.ts";
import { metricName } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import { ClientModel } from "./client-model.tsx";
import { FirstSteps } from "./first-steps.tsx";
import { readLoopFacts, type LoopFacts } from "./loop-facts.ts";
import { NowLine } from "./now-line.tsx";
import { Race } from "./race.tsx";

/** The whole life of one model on one page: what each stage last did, what goes on now, what was decided and why. */
export function LoopPage() {
  const model = useCurrentModel();
  const facts = useLiveQuery(["loop-facts", model], (signal) => readLoopFacts(model, signal));
  return (
    <Page title={model ?? "The loop"}>
      <Loaded query={facts}>
        {(known) =>
          known.pipelineRuns.length > 0 || known.loop ? <Loop facts={known} /> : model === null ? <FirstSteps /> : <ClientModel model={model} facts={known} />
        }
      </Loaded>
    </Page>
  );
}

function Loop({ facts }: { facts: LoopFacts }) {
  const { loop, decisions, windows } = facts;
  return (
    <>
      <Race facts={facts} />
      <NowLine facts={facts} />
      {loop ? (
        <Panel title={`Live ${metricName(lossOf(loop.task))} by ${spanOf(facts).unit}`} aside={<Anchor to="/monitoring">Monitoring</Anchor>}>
          <ErrorChart
            metric={lossOf(loop.task)}
            unit={spanOf(facts).unit}
            spans={aggregateErrors(loop.task, windows, spanOf(facts).length, loop.startedAt)}
            markers={decisionMarkers(decisions)}
            markerLegend={decisionMarkerLegend(decisions)}
          />
        </Panel>
      ) : null}
      {decisions.length > 0 ? (
        <Panel title="Latest decisions" aside={<Anchor to="/optimization">All {decisions.length} decisions</Anchor>}>
          <DecisionList decisions={[...decisions].reverse().slice(0, 8)} />
        </Panel>
      ) : null}
    </>
  );
}

const day = 86_400_000;

/** Weeks once there are a few of them, days before. */
const spanOf = ({ windows }: LoopFacts): { readonly unit: string; readonly length: number } =>
  windows.length > 35 ? { unit: "week", length: 7 * day } : { unit: "day", length: day };
