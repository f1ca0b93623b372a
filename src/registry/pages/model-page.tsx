import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { AskButton } from "../../ui/ask-button.tsx";
import { Description } from "../../ui/description.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import { Done, type DoneMessage } from "../../ui/done.tsx";
import { formatMoment } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import type { PageProps } from "../../ui/page-entry.ts";
import { Page } from "../../ui/page.tsx";
import { Panel } from "../../ui/panel.tsx";
import { TagsPanel } from "../../ui/tags-panel.tsx";
import { AliasesPanel } from "./aliases-panel.tsx";
import { CompareForm } from "./compare-form.tsx";
import { modelPath, registryApi } from "./registry-api.ts";
import { VersionsTable } from "./versions-table.tsx";

const why = { name: "reason", label: "Why", required: true } as const;

/** One registered model: its aliases, its versions, what was deleted, and the record of what was changed, by whom and why. */
export function ModelPage({ params }: PageProps) {
  const name = params["model"] ?? "";
  const query = useLiveQuery(["registry", "model", name], (signal) => registryApi("GET /models/:name", { params: { name } }, { signal }));
  const navigate = useNavigate();
  const [message, setMessage] = useState<DoneMessage>();
  const remove = async (version: number, reason: string): Promise<void> => {
    await registryApi("DELETE /models/:name/versions/:version", { params: { name, version }, query: { reason } });
    setMessage({ text: `Version ${version} is deleted.`, undo: () => registryApi("POST /models/:name/versions/:version/restore", { params: { name, version }, body: { reason: "the deletion was undone" } }) });
  };
  const removeModel = async (reason: string): Promise<void> => {
    await registryApi("DELETE /models/:name", { params: { name }, query: { reason } });
    setMessage({ text: `${name} is deleted.`, undo: () => registryApi("POST /models/:name/restore", { params: { name }, body: { reason: "the deletion was undone" } }) });
  };
  return (
    <Page
      title={name}
      crumbs={[{ title: "Models", to: "/models" }]}
      aside={
        query.data ? (
          <span className="row">
          <AskButton
            label="Rename"
            title={`Rename ${name}`}
            confirm="Rename"
            fields={[{ name: "name", label: "Name", initial: name, required: true }]}
            run={async (values) => {
              const renamed = await registryApi("PATCH /models/:name", { params: { name }, body: { name: values["name"] } });
              await navigate({ to: modelPath(renamed.name), replace: true });
            }}
          >
            Its versions keep their numbers. Clients that ask for the old name find nothing; a model that is deployed keeps its name.
          </AskButton>
          <AskButton label="Delete the model" quiet title={`Delete ${name} with all its versions`} confirm="Delete" fields={[why]} run={(values) => removeModel(values["reason"])}>
            It can be restored until garbage is collected. A model that is deployed is not deleted.
          </AskButton>
          </span>
        ) : null
      }
    >
      <Done message={message} onUndone={() => setMessage({ text: "Undone." })} />
      <Loaded query={query}>
        {(model) => (
          <>
            <AliasesPanel model={name} aliases={model.aliases} versions={model.versions} onDone={setMessage} />
            <VersionsTable
              model={name}
              aside={<CompareForm model={name} versions={model.versions} />}
              onDelete={remove}
            />
            <div className="columns">
              <Description of={name} text={model.description ?? ""} onDescribe={(description) => registryApi("PATCH /models/:name", { params: { name }, body: { description } })} />
              <TagsPanel of={name} tags={Object.entries(model.tags)} onSet={(key, value) => registryApi("PATCH /models/:name", { params: { name }, body: { tags: { [key]: value } } })} />
            </div>
            <DeletedVersions model={name} />
          </>
        )}
      </Loaded>
      <History model={name} />
    </Page>
  );
}

function DeletedVersions({ model }: { model: string }) {
  const { data } = useLiveQuery(["registry", "deleted"], (signal) => registryApi("GET /deleted", { signal }));
  const versions = data?.versions.filter((one) => one.model === model) ?? [];
  if (versions.length === 0) return null;
  return (
    <Panel title="Deleted versions" note="They can be brought back, without their aliases, until garbage is collected (millrace gc).">
      <DataTable
        label="Deleted versions"
        rows={versions}
        rowKey={({ version }) => String(version)}
        columns={[
          { key: "version", header: "Version", render: ({ version }) => `v${version}` },
          { key: "deleted", header: "Deleted", align: "nowrap", render: ({ deletedAt }) => formatMoment(deletedAt) },
          {
            key: "restore",
            header: "Actions",
            render: ({ version }) => (
              <AskButton label="Restore" title={`Bring version ${version} back`} confirm="Restore" fields={[{ name: "reason", label: "Why" }]} run={({ reason }) => registryApi("POST /models/:name/versions/:version/restore", { params: { name: model, version }, body: { reason } })} />
            ),
          },
        ]}
      />
    </Panel>
  );
}

function History({ model }: { model: string }) {
  const query = useLiveQuery(["registry", "history", model], (signal) => registryApi("GET /models/:name/history", { params: { name: model } }, { signal }));
  if (query.data?.entries.length === 0) return null;
  return (
    <Loaded query={query}>
      {({ entries }) => (
        <Panel title="History" note="From the audit log.">
          <DataTable
            label="History"
            rows={entries}
            rowKey={(entry) => String(entry.seq)}
            pageSize={12}
            columns={[
              { key: "time", header: "When", align: "nowrap", sort: (entry) => entry.time, render: (entry) => formatMoment(entry.time) },
              { key: "action", header: "What", align: "nowrap", render: (entry) => actionText(entry.action, entry.details) },
              { key: "actor", header: "Who", sort: (entry) => entry.actor, render: (entry) => entry.actor },
              { key: "reason", header: "Why", align: "wide", render: (entry) => entry.reason },
            ]}
          />
        </Panel>
      )}
    </Loaded>
  );
}

const words: Readonly<Record<string, (details: Readonly<Record<string, unknown>>) => string>> = {
  "registry.model_created": () => "model created",
  "registry.model_updated": () => "model described",
  "registry.model_renamed": ({ from, to }) => `renamed from ${String(from)} to ${String(to)}`,
  "registry.model_tag_set": ({ key, value }) => `tag ${String(key)} set to ${String(value)}`,
  "registry.model_tag_deleted": ({ key }) => `tag ${String(key)} removed`,
  "registry.version_updated": ({ version }) => `version ${String(version)} described`,
  "registry.version_tag_set": ({ version, key, value }) => `tag ${String(key)} of version ${String(version)} set to ${String(value)}`,
  "registry.version_tag_deleted": ({ version, key }) => `tag ${String(key)} of version ${String(version)} removed`,
  "registry.model_deleted": () => "model deleted",
  "registry.model_restored": () => "model restored",
  "registry.version_registered": ({ version }) => `version ${String(version)} registered`,
  "registry.version_deleted": ({ version }) => `version ${String(version)} deleted`,
  "registry.version_restored": ({ version }) => `version ${String(version)} restored`,
  "registry.alias_moved": ({ alias, to, rollback }) => `${String(alias)} is ${rollback === true ? "back at" : "now"} version ${String(to)}`,
  "registry.alias_removed": ({ alias }) => `${String(alias)} removed`,
  "registry.alias_policy_set": ({ alias, requires }) => `${String(alias)} requires ${(requires as readonly string[]).join(", ") || "nothing"}`,
  "registry.stage_changed": ({ version, stage }) => `version ${String(version)} is in stage ${String(stage)}`,
};

/** An audit action in words. */
const actionText = (action: string, details: Readonly<Record<string, unknown>>): string => words[action]?.(details) ?? action.replace(/^registry\./, "").replaceAll("_", " ");
