/** The first line of a description in Markdown, as text in small print; nothing where there is none. */
export function FirstLine({ text }: { text: string | null | undefined }) {
  const line = text?.split("\n").find((one) => one.trim() !== "");
  return line === undefined ? null : <div className="small muted first-line">{line.replace(/^#+\s*/, "")}</div>;
}
