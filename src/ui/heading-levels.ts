/** What of a Markdown tree (mdast) is looked at. */
interface Node {
  readonly type: string;
  depth?: number;
  readonly children?: readonly Node[];
}

/**
 * A remark plugin that puts the headings of a text below those of the page it stands on: the outermost become level 3, each further one a level below the one it belongs
 * to, whatever the writer began with, so that no level is left out (WCAG's technique G141).
 */
export const headingLevels = () => (tree: Node): void => {
  const above: number[] = [];
  const walk = (node: Node): void => {
    if (node.type === "heading") {
      const own = node.depth ?? 1;
      while (above.length > 0 && above[above.length - 1] >= own) above.pop();
      above.push(own);
      node.depth = Math.min(6, 2 + above.length);
    }
    node.children?.forEach(walk);
  };
  walk(tree);
};
