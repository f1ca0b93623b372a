import "./markdown.css";
import { lazyPart } from "./lazy-part.tsx";

const Rendered = lazyPart("markdown", async () => (await import("./rendered-markdown.tsx")).RenderedMarkdown);

/** Markdown that somebody wrote (CommonMark, with GitHub's tables, task lists and bare links); HTML in it is text. The code that reads it is loaded when the first is shown. */
export function Markdown({ text }: { text: string }) {
  return (
    <div className="markdown">
      <Rendered text={text} />
    </div>
  );
}
