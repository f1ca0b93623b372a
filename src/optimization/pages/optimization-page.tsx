import { useCurrentModel } from "../../ui/current-model.ts";
import { Facts } from "../../ui/facts.tsx";
import { formatDay, formatMoment, formatNumber, formatPercent, formatSpan } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { EmptyNotice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { sightText } from "../../monitoring/performance/sight-text.ts";
import type { Sight } from "../../monitoring/performance/sight.ts";
import type { Loop } from "../types.ts";
import { DecisionLog } from "./decision-log.tsx";
import { LoopSumsPanel } from "./loop-sums-panel.tsx";
import { optimizationApi } from "./optimization-api.ts";
import { RetrainingList } from "./retraining-list.tsx";
import { RolloutTable } from "./rollout-table.tsx";

/** How the loop is set, what it decided and why, and how its rollouts went. */
export function OptimizationPage() {
  const model = useCurrentModel();
  const loops = useLiveQuery(["optimization", "loops"], (signal) => optimizationApi("GET /loops", { signal }));
  return (
    <Page title="Optimization" lead="From an alarm to a retraining, through the gate to a canary, and to promotion or rollback: every decision with its reason.">
      <Loaded query={loops}>
        {(known) => {
          const loop = known.loops.find((one) => one.endpoint === model);
          return loop ? (
            <OneLoop endpoint={loop.endpoint} />
          ) : (
            <EmptyNotice title="No loop turns yet">
              <p>
                <code>millrace run</code> deploys a model and sets its loop; <code>millrace up</code> keeps it turning.
              </p>
            </EmptyNotice>
          );
        }}
      </Loaded>
    </Page>
  );
}

function OneLoop({ endpoint }: { endpoint: string }) {
  const loop = useLiveQuery(["optimization", "loop", endpoint], (signal) => optimizationApi("GET /loops/:endpoint", { params: { endpoint } }, { signal }));
  const decided = useLiveQuery(["optimization", "decisions", endpoint], (signal) => optimizationApi("GET /loops/:endpoint/decisions", { params: { endpoint }, query: {} }, { signal }));
  const retrained = useLiveQuery(["optimization", "retrainings", endpoint], (signal) => optimizationApi("GET /loops/:endpoint/retrainings", { params: { endpoint } }, { signal }));
  return (
    <>
      <Loaded query={loop}>
        {({ loop: settings, tick, resting, sight, sums }) => (
          <>
            {resting === null ? null : <EmptyNotice title="The loop rests">{resting}.</EmptyNotice>}
            <Settings loop={settings} turnedAt={tick?.time ?? null} sight={sight} />
            <LoopSumsPanel sums={sums} />
            <Loaded query={retrained}>{({ retrainings }) => <RetrainingList retrainings={retrainings} loop={settings} />}</Loaded>
          </>
        )}
      </Loaded>
      <Loaded query={decided}>
        {({ decisions }) => (
          <>
            <Loaded query={loop}>{({ rollouts }) => <RolloutTable rollouts={rollouts} decisions={decisions} endpoint={endpoint} />}</Loaded>
            <DecisionLog decisions={decisions} />
          </>
        )}
      </Loaded>
    </>
  );
}

function Settings({ loop, turnedAt, sight }: { loop: Loop; turnedAt: number | null; sight: Sight | null }) {
  const { retrain, deploy } = loop.project;
  return (
    <section className="panel" aria-label="How the loop is set">
      <Facts
        facts={[
          { name: "Last turn", value: turnedAt === null ? "not yet" : formatMoment(turnedAt), note: loop.clock === "replay" ? `a replay that began on ${formatDay(loop.startedAt)}` : `watches since ${formatDay(loop.startedAt)}` },
          { name: "Retrains on", value: retrain.on.join(", "), note: `on ${formatPercent(retrain.growth)} more data, or when it pays; at most ${formatNumber(retrain.budget ?? 0.25)} a window in the long run` },
          { name: "Canary", value: formatPercent(deploy.share), note: `${deploy.minLabels === 0 ? "until more labels would cost more than they can save" : `judged from ${deploy.minLabels} labels on`}, for at most ${formatSpan(deploy.maxDuration)}` },
          { name: "Error probability", value: formatPercent(deploy.alpha), note: "of the interval beside it, however often one looks" },
        ]}
      />
      {sight === null ? null : <p>What it can see: {sightText(sight)}.</p>}
    </section>
  );
}
