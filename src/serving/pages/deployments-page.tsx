import type { ReactNode } from "react";
import { useCurrentModel } from "../../ui/current-model.ts";
import { formatBytes, formatNumber } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { EmptyNotice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import { DeployButton } from "./change-traffic.tsx";
import { DeploymentHistory } from "./deployment-history.tsx";
import { DeploymentPanel } from "./deployment-panel.tsx";
import { RulesPanel } from "./rules-panel.tsx";
import { servingApi } from "./serving-api.ts";
import { TryIt } from "./try-it.tsx";

/** Who answers for the current model, how the gateway does, and every change there was. `below` stands under the traffic. */
export function DeploymentsPage({ below }: { below: (endpoint: string) => ReactNode }) {
  const model = useCurrentModel();
  const query = useLiveQuery(["serving", "deployments"], (signal) => servingApi("GET /deployments", { signal }));
  return (
    <Page title="Deployments" lead="Who answers, with which share of the traffic.">
      <Loaded query={query}>
        {({ deployments }) => {
          const deployment = deployments.find((one) => one.endpoint === model);
          if (!deployment) {
            return (
              <>
                <EmptyNotice title={model === null ? "Nothing is deployed yet" : `Nobody answers for ${model}`}>
                  <p>
                    <code>millrace run</code> deploys the first version that passes the gate. A version that is registered already can be deployed here.
                  </p>
                  <p>{model === null ? null : <DeployButton endpoint={model} />}</p>
                </EmptyNotice>
                {model === null ? null : <DeploymentHistory endpoint={model} />}
              </>
            );
          }
          return (
            <>
              <DeploymentPanel deployment={deployment} />
              <RulesPanel deployment={deployment} />
              {below(deployment.endpoint)}
              <TryIt deployment={deployment} />
              <DeploymentHistory endpoint={deployment.endpoint} />
              <Gateway />
            </>
          );
        }}
      </Loaded>
    </Page>
  );
}

function Gateway() {
  const query = useLiveQuery(["serving", "gateway"], (signal) => servingApi("GET /gateway", { signal }));
  return (
    <Panel title="Gateway and prediction log">
      <Loaded query={query}>
        {({ url, pid, revision, log, memory }) => (
          <p>
            Process {pid} answers at <code>{url}</code>, configuration {formatNumber(revision)}. The prediction log holds {formatNumber(log.written)} rows since the gateway started, {formatNumber(log.pending)} wait to be written,{" "}
            {formatNumber(log.dropped)} were dropped.{memory ? ` ${memoryText(memory)}` : ""}
          </p>
        )}
      </Loaded>
    </Panel>
  );
}

const memoryText = ({ bytes, limit }: { bytes: number; limit: number | null }): string =>
  `The models take about ${formatBytes(bytes)} of memory${limit === null ? "; there is no limit (millrace up --memory-limit sets one)" : ` and may take ${formatBytes(limit)}`}.`;
