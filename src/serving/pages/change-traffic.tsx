import { AskButton } from "../../ui/ask-button.tsx";
import { servingApi } from "./serving-api.ts";

const reason = { name: "reason", label: "Why", required: true } as const;

/** Gives all traffic of a model to one version, in one step that can be rolled back. */
export function DeployButton({ endpoint }: { endpoint: string }) {
  return (
    <AskButton
      label="Deploy a version"
      title={`Deploy a version of ${endpoint}`}
      confirm="Deploy"
      fields={[{ name: "version", label: "Version", required: true }, reason]}
      run={async ({ version, reason: why }) =>
        servingApi("PUT /deployments/:endpoint", { params: { endpoint }, body: { reason: why, variants: [{ name: "champion", version: Number(version), weight: 1 }] } })
      }
    >
      It gets all the traffic once it is loaded; what answers now goes on until then, and keeps answering if it does not load. Shares between versions:{" "}
      <code>millrace deployments set</code>.
    </AskButton>
  );
}

/** Takes the deployment away. */
export function RemoveButton({ endpoint }: { endpoint: string }) {
  return (
    <AskButton
      label="Remove"
      quiet
      title={`Remove the deployment of ${endpoint}`}
      confirm="Remove"
      fields={[reason]}
      run={async ({ reason: why }) => servingApi("POST /deployments/:endpoint/remove", { params: { endpoint }, body: { reason: why } })}
    >
      Nobody answers for {endpoint} any more: its clients get 404. Its versions, its history and its prediction log stay; a loop that watches it rests until a version is deployed again.
    </AskButton>
  );
}

/** Goes back to who answered before the last change. */
export function RollBackButton({ endpoint }: { endpoint: string }) {
  return (
    <AskButton
      label="Roll back"
      title={`Roll ${endpoint} back`}
      confirm="Roll back"
      fields={[reason]}
      run={async ({ reason: why }) => servingApi("POST /deployments/:endpoint/rollback", { params: { endpoint }, body: { reason: why } })}
    >
      The variants and rules before the last change answer again.
    </AskButton>
  );
}
