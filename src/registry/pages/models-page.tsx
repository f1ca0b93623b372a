import { Anchor } from "../../ui/anchor.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { formatMoment } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { EmptyNotice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import { modelPath, registryApi } from "./registry-api.ts";
import { VersionsTable } from "./versions-table.tsx";

/** The registered models; when there is one only, its versions at once. */
export function ModelsPage() {
  const query = useLiveQuery(["registry", "models"], (signal) => registryApi("GET /models", { signal }));
  return (
    <Page title="Models" lead="Models that passed the gate, version by version. The alias champion says which one answers.">
      <Loaded query={query}>
        {({ models }) =>
          models.length === 0 ? (
            <EmptyNotice title="No models yet">
              <p>
                A model is registered when it passes the gate of its first <code>millrace run</code>.
              </p>
            </EmptyNotice>
          ) : (
            <>
              <Panel title="Registered models">
                <DataTable
                  label="Registered models"
                  rows={models}
                  rowKey={(model) => model.name}
                  columns={[
                    { key: "name", header: "Model", sort: (model) => model.name, render: ({ name }) => <Anchor to={modelPath(name)}>{name}</Anchor> },
                    { key: "latest", header: "Versions", align: "right", sort: (model) => model.latestVersion, render: ({ latestVersion }) => latestVersion },
                    {
                      key: "aliases",
                      header: "Aliases",
                      render: ({ name, aliases }) => (
                        <span className="row">
                          {Object.entries(aliases).filter(([alias, version]) => alias === "champion" || version !== aliases["champion"]).map(([alias, version]) => (
                            <Anchor key={alias} to={modelPath(name, version)}>
                              {alias} is version {version}
                            </Anchor>
                          ))}
                        </span>
                      ),
                    },
                    { key: "created", header: "Since", align: "nowrap", sort: (model) => model.createdAt, render: ({ createdAt }) => formatMoment(createdAt) },
                  ]}
                />
              </Panel>
              {models.length === 1 ? <VersionsTable model={models[0].name} /> : null}
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

