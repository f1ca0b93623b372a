import { client } from "../../http/client.ts";
import type { RegistryRoutes } from "../../registry/routes.ts";
import { CodeBlock } from "../../ui/json-view.tsx";
import { useFixedQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { DeploymentStatus } from "../types.ts";
import { curlCommand, shellQuote } from "./infer-request.ts";

const registry = client<RegistryRoutes>("", "registry");

/** The line that asks the deployment for a prediction, with the features of the version that answers. */
export function TryIt({ deployment: { endpoint, url, variants } }: { deployment: DeploymentStatus }) {
  const version = variants[0]?.version ?? 0;
  const plain = url.replace(/\/v2\/models\/([^/]+)\/infer$/, "/predict/$1");
  const query = useFixedQuery(["registry", "signature", endpoint, version], (signal) =>
    registry("GET /models/:name/versions/:version", { params: { name: endpoint, version } }, { signal }),
  );
  return (
    <Panel title="Try it">
      <Loaded query={query}>
        {(known) =>
          known.origin === "trained" ? (
            <div className="stack">
              <p className="panel-note">A request of the Open Inference Protocol; replace the zeros by values.</p>
              <CodeBlock label="A request with curl" text={curlCommand(url, known.signature.features)} />
            </div>
          ) : (
            <div className="stack">
              <p>
                In <a href={plain}>a form of the gateway</a>; or ask what it takes, which comes with an example that works:
              </p>
              <CodeBlock label="A request with curl" text={`curl -s ${shellQuote(`${plain}/openapi.json`)}`} />
            </div>
          )
        }
      </Loaded>
    </Panel>
  );
}
