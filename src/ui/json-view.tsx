import { ScrollRegion } from "./scroll-region.tsx";

/** JSON as it is, to read and to copy. */
export function JsonView({ value, label }: { value: unknown; label: string }) {
  return <CodeBlock label={label} text={JSON.stringify(value, null, 2)} />;
}

/** Text for machines, such as a command to copy. */
export function CodeBlock({ text, label }: { text: string; label: string }) {
  return (
    <ScrollRegion label={label} className="json">
      <code>{text}</code>
    </ScrollRegion>
  );
}
