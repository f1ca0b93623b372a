import { AskButton } from "./ask-button.tsx";
import { Markdown } from "./markdown.tsx";
import { Panel } from "./panel.tsx";

interface DescriptionProps {
  /** Of what: `the run search`. */
  readonly of: string;
  readonly text: string;
  /** Keeps a new one; empty takes it away. Absent: it cannot be changed. */
  readonly onDescribe?: (text: string) => Promise<unknown>;
}

/** What somebody wrote about a thing, in Markdown, and the way to write it. */
export function Description({ of, text, onDescribe }: DescriptionProps) {
  return (
    <Panel title="Description" aside={onDescribe ? (
      <AskButton label={text === "" ? "Describe" : "Edit"} quiet title={`Describe ${of}`} confirm="Keep" fields={[{ name: "text", label: "Description, in Markdown", initial: text, long: true }]} run={(values) => onDescribe(values["text"])} />
    ) : null}>
      {text === "" ? <p className="muted">Nobody has described it yet.</p> : <Markdown text={text} />}
    </Panel>
  );
}
