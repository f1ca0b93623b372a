import { Pairs } from "../../ui/facts.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { DeploymentStatus } from "../types.ts";
import { ChangeSettingsButton } from "./change-settings.tsx";
import { batchingText, conditionText, fallbackText, logText, stickyText } from "./serving-words.ts";

/** What decides about a request beside the shares, and how the gateway serves the model now. */
export function RulesPanel({ deployment }: { deployment: DeploymentStatus }) {
  const { endpoint, traffic, settings, inForce, refusal } = deployment;
  const said = (setting: unknown): string => (setting === undefined ? " (the gateway’s own)" : "");
  return (
    <Panel title="Rules and settings" aside={<ChangeSettingsButton endpoint={endpoint} settings={settings} />}>
      <div className="stack">
        <Pairs
          values={[
            ["Rules", <Rules key="rules" rules={traffic.rules} endpoint={endpoint} />],
            ["Fallback", fallbackText(traffic.fallback)],
            ["Sticky", stickyText(traffic.sticky)],
            ...(inForce
              ? ([
                  ["Prediction log", logText(inForce.logShare) + said(settings.log)],
                  ["Batching", batchingText(inForce.batching) + said(settings.batching)],
                  ["Memory", inForce.pinned ? "Pinned: stays whatever the memory limit" : "Makes room for others when memory is short, and comes back when asked"],
                ] as const)
              : []),
          ]}
        />
        {inForce && refusal === null ? null : (
          <div className="notice bad" role="alert">
            <h2>The gateway does not serve what is deployed</h2>
            <p>{refusal ?? "It has not loaded it yet."}</p>
            <p className="small">
              It goes on with what it served last. <code>millrace deployments rollback {endpoint}</code> goes back to who answered before; <code>logs/gateway.log</code> of the home folder tells more.
            </p>
          </div>
        )}
      </div>
    </Panel>
  );
}

function Rules({ rules = [], endpoint }: { rules: DeploymentStatus["traffic"]["rules"]; endpoint: string }) {
  if (rules.length === 0) {
    return (
      <>
        None: the shares alone decide. <code>millrace deployments set {endpoint} --file rules.json</code> sets some.
      </>
    );
  }
  return (
    <ol>
      {rules.map((rule) => (
        <li key={JSON.stringify(rule)}>
          {conditionText(rule)} → <strong>{rule.variant}</strong>
        </li>
      ))}
      <li>all others: by the shares</li>
    </ol>
  );
}
