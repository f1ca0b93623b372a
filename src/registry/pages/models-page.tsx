import { useState } from "react";
import { Anchor } from "../../ui/anchor.tsx";
import { AskButton } from "../../ui/ask-button.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { FirstLine } from "../../ui/first-line.tsx";
import { formatMoment } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { EmptyNotice } from "../../ui/notice.tsx";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import { matchesWords } from "../../ui/matches-words.ts";
import { modelPath, registryApi } from "./registry-api.ts";
import { VersionsTable } from "./versions-table.tsx";

/** The registered models; when there is one only, its versions at once. */
export function ModelsPage() {
  const query = useLiveQuery(["registry", "models"], (signal) => registryApi("GET /models", { signal }));
  const [words, setWords] = useState("");
  return (
    <Page title="Models" lead="Models that passed the gate here and models that clients registered, version by version. Which one answers is a matter of its deployment.">
      <Loaded query={query}>
        {({ models }) => {
          const found = models.filter((model) => matchesWords(words, [model.name, model.description ?? "", ...Object.entries(model.tags).map(([key, value]) => `${key}:${value}`), ...Object.keys(model.aliases), ...Object.keys(model.stages)]));
          if (models.length === 0) {
            return (
              <EmptyNotice title="No models yet">
                <p>
                  A model is registered when it passes the gate of its first <code>millrace run</code>, or when a client of MLflow logs it with <code>registered_model_name</code>.
                </p>
              </EmptyNotice>
            );
          }
          return (
            <>
              <Panel
                title="Registered models"
                aside={<input type="search" className="text-input" placeholder="name, tag, alias, stage" aria-label="Search models" value={words} onChange={(event) => setWords(event.currentTarget.value)} />}
              >
                {found.length === 0 ? (
                  <p className="muted">No model has all of these words.</p>
                ) : (
                  <DataTable
                    label="Registered models"
                    rows={found}
                    rowKey={(model) => model.name}
                    columns={[
                      { key: "name", header: "Model", sort: (model) => model.name, render: ({ name, description }) => <><Anchor to={modelPath(name)}>{name}</Anchor><FirstLine text={description} /></> },
                      { key: "latest", header: "Latest", align: "right", sort: (model) => model.latestVersion, render: ({ name, latestVersion }) => (latestVersion === 0 ? "none" : <Anchor to={modelPath(name, latestVersion)}>v{latestVersion}</Anchor>) },
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
                      { key: "stages", header: "Stages", render: ({ stages }) => Object.entries(stages).map(([stage, version]) => `${stage} v${version}`).join(", ") },
                      { key: "tags", header: "Tags", render: ({ tags }) => <span className="small muted">{Object.entries(tags).map(([key, value]) => `${key}: ${value}`).join(", ")}</span> },
                      { key: "updated", header: "Changed", align: "nowrap", sort: (model) => model.updatedAt, render: ({ updatedAt }) => formatMoment(updatedAt) },
                    ]}
                  />
                )}
              </Panel>
              {models.length === 1 ? <VersionsTable model={models[0].name} /> : null}
            </>
          );
        }}
      </Loaded>
      <DeletedModels />
    </Page>
  );
}

function DeletedModels() {
  const { data } = useLiveQuery(["registry", "deleted"], (signal) => registryApi("GET /deleted", { signal }));
  if (!data || data.models.length === 0) return null;
  return (
    <Panel title="Deleted models" note="They can be brought back until garbage is collected (millrace gc).">
      <DataTable
        label="Deleted models"
        rows={data.models}
        rowKey={({ name, deletedAt }) => `${name} ${deletedAt}`}
        columns={[
          { key: "name", header: "Model", render: ({ name }) => name },
          { key: "deleted", header: "Deleted", align: "nowrap", render: ({ deletedAt }) => formatMoment(deletedAt) },
          {
            key: "restore",
            header: "Actions",
            render: ({ name }) => (
              <AskButton label="Restore" title={`Bring ${name} back`} confirm="Restore" fields={[{ name: "reason", label: "Why" }]} run={({ reason }) => registryApi("POST /models/:name/restore", { params: { name }, body: { reason } })}>
                Of several deleted models of this name it is the one deleted last.
              </AskButton>
            ),
          },
        ]}
      />
    </Panel>
  );
}
