import { AskButton } from "../../ui/ask-button.tsx";
import { Description } from "../../ui/description.tsx";
import { TagsPanel } from "../../ui/tags-panel.tsx";
import type { ListedExperiment } from "../list-experiments.ts";
import type { Edit } from "../edit.ts";
import { noteTag } from "../note-tag.ts";
import { trackingApi } from "./tracking-api.ts";

const change = (id: string, body: Edit) => trackingApi("PATCH /experiments/:id", { params: { id }, body });

/** What an experiment is about, and its tags. */
export function ExperimentNotes({ experiment: { id, name, tags, lifecycle } }: { experiment: ListedExperiment }) {
  const editable = lifecycle === "active";
  return (
    <div className="columns">
      <Description of={`the experiment ${name}`} text={tags[noteTag] ?? ""} {...(editable ? { onDescribe: (text: string) => change(id, { tags: { [noteTag]: text === "" ? null : text } }) } : {})} />
      <TagsPanel of={`the experiment ${name}`} tags={Object.entries(tags)} {...(editable ? { onSet: (key: string, value: string | null) => change(id, { tags: { [key]: value } }) } : {})} />
    </div>
  );
}

export function RenameExperiment({ experiment: { id, name } }: { experiment: ListedExperiment }) {
  return (
    <AskButton label="Rename" title={`Rename the experiment ${name}`} confirm="Rename" fields={[{ name: "name", label: "Name", initial: name, required: true }]} run={(values) => change(id, { name: values["name"] })}>
      Programs that log to it by name make a new experiment of the old name from then on.
    </AskButton>
  );
}
