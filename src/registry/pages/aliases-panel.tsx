import { Anchor } from "../../ui/anchor.tsx";
import { AskButton } from "../../ui/ask-button.tsx";
import { DataTable } from "../../ui/data-table.tsx";
import type { DoneMessage } from "../../ui/done.tsx";
import { formatMoment } from "../../ui/format.ts";
import { useLiveQuery } from "../../ui/live-query.ts";
import { Loaded } from "../../ui/loaded.tsx";
import { Panel } from "../../ui/panel.tsx";
import type { AliasMove } from "../alias-moves.ts";
import { modelPath, registryApi } from "./registry-api.ts";

interface AliasesPanelProps {
  readonly model: string;
  readonly aliases: Readonly<Record<string, number>>;
  readonly versions: readonly number[];
  readonly onDone: (message: DoneMessage) => void;
}

const reason = { name: "reason", label: "Why", required: true } as const;

/** Where each alias points, since when, who moved it and why, what its policy asks for; and the ways to change that. */
export function AliasesPanel({ model, aliases, versions, onDone }: AliasesPanelProps) {
  const query = useLiveQuery(["registry", "aliases", model], (signal) => registryApi("GET /models/:name/aliases", { params: { name: model } }, { signal }));
  const point = async (alias: string, version: string, why: string): Promise<void> => {
    const { note } = await registryApi("PUT /models/:name/aliases/:alias", { params: { name: model, alias }, body: { version: Number(version), reason: why } });
    onDone({ text: note });
  };
  return (
    <Panel
      title="Aliases"
      note="An alias is a name that clients ask for (models:/…@champion). What answers requests is a deployment's matter: moving an alias alone does not change the traffic."
      aside={
        versions.length === 0 ? null : (
          <AskButton
            label="Set an alias"
            title={`Point an alias of ${model} at a version`}
            confirm="Set"
            fields={[{ name: "alias", label: "Alias", required: true, initial: "champion" }, { name: "version", label: "Version", required: true, options: versions.map(String) }, reason]}
            run={(values) => point(values["alias"], values["version"], values["reason"])}
          />
        )
      }
    >
      <Loaded query={query}>
        {({ moves, policies, requirements }) => {
          const names = [...new Set([...Object.keys(aliases), ...Object.keys(policies)])].toSorted();
          if (names.length === 0) return <p className="muted">No alias points at a version of this model.</p>;
          return (
            <DataTable
              label="Aliases"
              rows={names}
              rowKey={(alias) => alias}
              columns={[
                { key: "alias", header: "Alias", render: (alias) => alias },
                { key: "version", header: "Points at", align: "nowrap", render: (alias) => (aliases[alias] === undefined ? "nothing" : <Anchor to={modelPath(model, aliases[alias])}>version {aliases[alias]}</Anchor>) },
                { key: "since", header: "Since", align: "nowrap", render: (alias) => lastMove(moves, alias, ({ time }) => formatMoment(time)) },
                { key: "who", header: "Who", render: (alias) => lastMove(moves, alias, ({ actor }) => actor) },
                { key: "why", header: "Why", align: "wide", render: (alias) => <span className="small muted">{lastMove(moves, alias, ({ reason: why, kind }) => (kind === "rolled_back" ? `rolled back: ${why}` : why))}</span> },
                { key: "policy", header: "Requires", render: (alias) => policies[alias]?.join(", ") ?? "" },
                {
                  key: "actions",
                  header: "Actions",
                  render: (alias) => (
                    <span className="row">
                      <AskButton label="Roll back" title={`Roll ${alias} back`} confirm="Roll back" fields={[reason]} run={async (values) => onDone({ text: (await registryApi("POST /models/:name/aliases/:alias/rollback", { params: { name: model, alias }, body: { reason: values["reason"] } })).note })}>
                        It points at the version before this one again, if the policy allows.
                      </AskButton>
                      <AskButton
                        label="Policy"
                        quiet
                        title={`What a version must show before ${alias} may point at it`}
                        confirm="Keep"
                        fields={[{ name: "requires", label: "Requirements", options: requirements, many: true, initial: policies[alias]?.join(",") ?? "" }, reason]}
                        run={async (values) => {
                          await registryApi("PUT /models/:name/aliases/:alias/policy", { params: { name: model, alias }, body: { requires: values["requires"].split(",").filter((one) => one !== ""), reason: values["reason"] } });
                          onDone({ text: `The policy of ${alias} is kept.` });
                        }}
                      />
                      {aliases[alias] === undefined ? null : (
                        <AskButton
                          label="Remove"
                          quiet
                          title={`Take the alias ${alias} away`}
                          confirm="Remove"
                          fields={[reason]}
                          run={async (values) => {
                            const version = String(aliases[alias]);
                            const { note } = await registryApi("DELETE /models/:name/aliases/:alias", { params: { name: model, alias }, query: { reason: values["reason"] } });
                            onDone({ text: note, undo: () => point(alias, version, "the removal was undone") });
                          }}
                        />
                      )}
                    </span>
                  ),
                },
              ]}
            />
          );
        }}
      </Loaded>
    </Panel>
  );
}

const lastMove = (moves: readonly AliasMove[], alias: string, tell: (move: AliasMove) => string): string => {
  const last = moves.find((move) => move.alias === alias);
  return last ? tell(last) : "";
};
