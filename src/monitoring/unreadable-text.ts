import type { UnreadableFile } from "./unreadable-files.ts";

/** How many files are named. */
const mostNamed = 5;

/** What is left out of the prediction log, as a sentence. */
export function unreadableText(files: readonly UnreadableFile[]): string {
  const named = files.slice(0, mostNamed).map(({ file, reason }) => `${file} (${reason.split("\n")[0]})`).join(", ");
  const more = files.length > mostNamed ? `, and ${files.length - mostNamed} more` : "";
  return `${files.length === 1 ? "1 file" : `${files.length} files`} of the prediction log cannot be read, and what is in them counts for nothing: ${named}${more}. Put them back from a copy, and they count again`;
}
