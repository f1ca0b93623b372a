import ReactMarkdown, { type Components } from "react-markdown";
import remarkGfm from "remark-gfm";
import "./data-table.css";
import { headingLevels } from "./heading-levels.ts";
import { ScrollRegion } from "./scroll-region.tsx";

/** Pictures are links, as the page asks no other machine for anything; links lead out in a tab of their own. */
const components: Components = {
  a: ({ href, children }) => (
    <a href={href} target="_blank" rel="noreferrer noopener">
      {children}
    </a>
  ),
  img: ({ src, alt }) => (
    <a href={typeof src === "string" ? src : undefined} target="_blank" rel="noreferrer noopener">
      {alt || "picture"}
    </a>
  ),
  // A wide one scrolls by itself, by keyboard too.
  table: ({ children }) => (
    <ScrollRegion className="table-scroll" label="Table">
      <table className="table">{children}</table>
    </ScrollRegion>
  ),
  pre: ({ children }) => (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex
    <pre tabIndex={0}>{children}</pre>
  ),
};

export function RenderedMarkdown({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={[remarkGfm, headingLevels]} components={components}>
      {text}
    </ReactMarkdown>
  );
}
