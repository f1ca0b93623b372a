import type { ModelVersion } from "../../registry/types.ts";
import { DeployButton } from "../../serving/pages/change-traffic.tsx";
import { Anchor } from "../../ui/anchor.tsx";
import { Badge } from "../../ui/badge.tsx";
import { Facts } from "../../ui/facts.tsx";
import { count, formatMoment, formatPercent } from "../../ui/format.ts";
import { EmptyNotice } from "../../ui/notice.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { LoopFacts } from "./loop-facts.ts";
import "./race.css";
import { TrackedPanels } from "./tracked-panels.tsx";

/** The start of a model that clients registered: what there is of it, whether it answers, and what to do next. It has no loop, so none is drawn. */
export function ClientModel({ model, facts: { versions, deployment } }: { model: string; facts: LoopFacts }) {
  const [newest] = versions;
  const path = `/models/${encodeURIComponent(model)}`;
  if (newest === undefined) {
    return (
      <>
        <EmptyNotice title="No version yet">
          <p>
            The name <Anchor to={path}>{model}</Anchor> is registered and has no version. A client adds one with <code>mlflow.register_model("runs:/RUN_ID/model", "{model}")</code>; or <code>millrace run</code> trains one from a table.
          </p>
        </EmptyNotice>
        <TrackedPanels />
      </>
    );
  }
  return (
    <>
      <Panel title="Registered by a client" aside={<Anchor to={path}>{count(versions.length, "version")}</Anchor>}>
        <Facts
          facts={[
            { name: "Newest version", value: <Anchor to={`${path}/${newest.version}`}>v{newest.version}</Anchor>, note: formatMoment(newest.createdAt) },
            { name: "Aliases", value: aliasText(versions) },
            { name: "Answers", value: deployment ? deployment.variants.map(({ version, weight }) => `v${version} ${formatPercent(weight)}`).join(", ") : "nobody", note: deployment && !deployment.ready ? <Badge tone="bad" icon="cross">the gateway does not serve it</Badge> : undefined },
          ]}
        />
      </Panel>
      <Panel title="What comes next">
        <ol className="next-steps">
          {deployment ? (
            <li>
              It is deployed: <Anchor to="/deployments">Deployments</Anchor> shows its traffic, lets you try it and moves it to another version.
            </li>
          ) : (
            <li>
              <p>Nobody answers for it yet. Deployed, the gateway serves it over REST and gRPC, and logs what it answers.</p>
              <p>
                <DeployButton endpoint={model} />
              </p>
            </li>
          )}
          <li>
            {versions.length > 1 ? (
              <>
                <Anchor to={`${path}/${versions[1].version}/compare/${encodeURIComponent(model)}/${newest.version}`}>Compare the two newest versions</Anchor>: code, parameters, metrics, environment, signature.
              </>
            ) : (
              <>
                The <Anchor to={`${path}/${newest.version}`}>page of the version</Anchor> tells what stands behind it, and how to load it in Python.
              </>
            )}
          </li>
          <li>
            It is not retrained here: a loop belongs to what <code>millrace run</code> trained from a table.
          </li>
        </ol>
      </Panel>
      <TrackedPanels />
    </>
  );
}

const aliasText = (versions: readonly ModelVersion[]): string => versions.flatMap(({ aliases, version }) => aliases.map((alias) => `${alias} is v${version}`)).join(", ") || "none";
