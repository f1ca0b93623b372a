/**
 * Whether a path or a branch is meant by one of the patterns: `*` stands for any characters but `/`, `**` for any, `?` for one; a pattern that names a folder (`src`, `src/`)
 * means all in it. No pattern at all means everything.
 */
export const meantBy = (patterns: readonly string[], path: string): boolean => patterns.length === 0 || patterns.some((pattern) => expressionOf(pattern).test(path));

function expressionOf(pattern: string): RegExp {
  const parts = pattern.replace(/^\.?\//, "").replace(/\/+$/, "").split(/(\*\*\/|\*\*|\*|\?)/);
  const source = parts.map((part) => (part === "**/" ? "(?:.*/)?" : part === "**" ? ".*" : part === "*" ? "[^/]*" : part === "?" ? "[^/]" : part.replaceAll(/[.+^${}()|[\]\\]/g, "\\$&"))).join("");
  return new RegExp(`^${source}(?:/.*)?$`, "s");
}
