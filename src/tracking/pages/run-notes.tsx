import { Anchor } from "../../ui/anchor.tsx";
import { AskButton } from "../../ui/ask-button.tsx";
import { Description } from "../../ui/description.tsx";
import { count } from "../../ui/format.ts";
import { useFixedQuery } from "../../ui/live-query.ts";
import { TagsPanel } from "../../ui/tags-panel.tsx";
import type { Edit } from "../edit.ts";
import { noteTag } from "../note-tag.ts";
import type { RunDetails } from "./run-details.ts";
import { trackingApi } from "./tracking-api.ts";

const change = (id: string, body: Edit) => trackingApi("PATCH /runs/:id", { params: { id }, body });

/** What a run is about, and its tags. */
export function RunNotes({ run: { id, name, tags, lifecycle } }: { run: RunDetails }) {
  const editable = lifecycle === "active";
  const text = tags.find(({ key }) => key === noteTag)?.value ?? "";
  return (
    <div className="columns">
      <Description of={`the run ${name}`} text={text} {...(editable ? { onDescribe: (next: string) => change(id, { tags: { [noteTag]: next === "" ? null : next } }) } : {})} />
      <TagsPanel of={`the run ${name}`} tags={tags.map(({ key, value }) => [key, value] as const)} {...(editable ? { onSet: (key: string, value: string | null) => change(id, { tags: { [key]: value } }) } : {})} />
    </div>
  );
}

export function RenameRun({ run: { id, name } }: { run: RunDetails }) {
  return <AskButton label="Rename" title={`Rename the run ${name}`} confirm="Rename" fields={[{ name: "name", label: "Name", initial: name, required: true }]} run={(values) => change(id, { name: values["name"] })} />;
}

/** The way to the traces that a run made or was linked to; nothing where there are none. */
export function RunTraces({ run: { id, experimentId } }: { run: RunDetails }) {
  const filter = `run_id = '${id}'`;
  const { data } = useFixedQuery(["tracking", "run-traces", id], (signal) => trackingApi("GET /experiments/:id/traces", { params: { id: experimentId }, query: { filter, limit: 1, offset: 0 } }, { signal }));
  if (!data || data.total === 0) return null;
  return <Anchor to={`/traces?${new URLSearchParams({ experiment: experimentId, filter })}`}>{count(data.total, "trace")}</Anchor>;
}
