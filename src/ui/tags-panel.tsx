import { AskButton } from "./ask-button.tsx";
import { Panel } from "./panel.tsx";
import "./tags-panel.css";

interface TagsPanelProps {
  readonly of: string;
  readonly tags: readonly (readonly [key: string, value: string])[];
  /** Sets a tag; null takes it away. Absent: they cannot be changed. */
  readonly onSet?: (key: string, value: string | null) => Promise<unknown>;
}

/** The tags of a thing, to add, change and take away; those that MLflow's clients keep for themselves (`mlflow.…`) are left out. */
export function TagsPanel({ of, tags, onSet }: TagsPanelProps) {
  const own = tags.filter(([key]) => !key.startsWith("mlflow."));
  const add = onSet ? (
    <AskButton
      label="Add a tag"
      quiet
      title={`Tag ${of}`}
      confirm="Add"
      fields={[
        { name: "key", label: "Key", required: true },
        { name: "value", label: "Value" },
      ]}
      run={({ key, value }) => onSet(key, value)}
    />
  ) : null;
  return (
    <Panel title="Tags" aside={add}>
      {own.length === 0 ? <p className="muted">None.</p> : null}
      <ul className="tags">
        {own.map(([key, value]) => (
          <li key={key}>
            <span className="tag-key">{key}</span>
            <span className="tag-value">{value}</span>
            {onSet ? (
              <span className="tag-buttons">
                <AskButton label="Change" name={`Change the tag ${key}`} quiet title={`Change the tag ${key} of ${of}`} confirm="Keep" fields={[{ name: "value", label: "Value", initial: value }]} run={(values) => onSet(key, values["value"])} />
                <AskButton label="Remove" name={`Remove the tag ${key}`} quiet title={`Remove the tag ${key} of ${of}`} confirm="Remove" fields={[]} run={() => onSet(key, null)} />
              </span>
            ) : null}
          </li>
        ))}
      </ul>
    </Panel>
  );
}
