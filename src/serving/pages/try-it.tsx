import { client } from "../../http/client.ts";
import type { RegistryRoutes } from "../../registry/routes.ts";
import { CodeBlock } from "../../ui/json-view.tsx";
import { useFixedQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { DeploymentStatus } from "../types.ts";
import { curlCommand } from "./infer-request.ts";

const registry = client<RegistryRoutes>("", "registry");

/** The line that asks the deployment for a prediction, with the features of the version that answers. */
export function TryIt({ deployment: { endpoint, url, variants } }: { deployment: DeploymentStatus }) {
  const version = variants[0]?.version ?? 0;
  const query = useFixedQuery(["registry", "signature", endpoint, version], (signal) =>
    registry("GET /models/:name/versions/:version", { params: { name: endpoint, version } }, { signal }),
  );
  return (
    <Panel title="Try it" note="A request of the Open Inference Protocol; replace the zeros by values.">
      <Loaded query={query}>
        {(known) => (known.origin === "trained" ? <CodeBlock label="A request with curl" text={curlCommand(url, known.signature.features)} /> : null)}
      </Loaded>
    </Panel>
  );
}
