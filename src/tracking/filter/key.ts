import type { Token } from "./tokens.ts";

/** What a filter compares or an order sorts by: `metrics.rmse` → prefix `metrics`, name `rmse`; `run_name` → no prefix. */
export interface Key {
  readonly prefix: string | undefined;
  readonly name: string;
  readonly text: string;
}

/**
 * Reads a key that begins at a token: a word, or a prefix with a name in back-ticks or in quotes of either kind (`metrics.'a/b'`). Undefined when there
 * is none: a text in single quotes alone is a value.
 */
export function readKey(tokens: readonly Token[], at: number): { readonly key: Key; readonly next: number } | undefined {
  const first = tokens[at];
  if (first?.kind === "quoted" && first.quote !== "'") {
    // `metrics`.`a b`, or the whole key in quotes.
    const dotted = tokens[at + 1];
    if (dotted?.value === "." && dotted.attached && tokens[at + 2]?.kind === "quoted") {
      return { key: { prefix: first.value, name: tokens[at + 2].value, text: `${first.text}.${tokens[at + 2].text}` }, next: at + 3 };
    }
    return { key: { prefix: undefined, name: first.value, text: first.text }, next: at + 1 };
  }
  if (first?.kind !== "word") return undefined;
  const second = tokens[at + 1];
  if (first.value.endsWith(".") && first.value.length > 1 && second?.kind === "quoted" && second.attached) {
    return { key: { prefix: first.value.slice(0, -1), name: second.value, text: first.text + second.text }, next: at + 2 };
  }
  const dot = first.value.indexOf(".");
  if (dot === 0 || dot === first.value.length - 1) return undefined;
  const key = dot < 0 ? { prefix: undefined, name: first.value, text: first.text } : { prefix: first.value.slice(0, dot), name: first.value.slice(dot + 1), text: first.text };
  return { key, next: at + 1 };
}

/** What a table has under a name that somebody else chose; nothing for `constructor` and the like, which every object has. */
export const own = <T>(table: Readonly<Record<string, T>>, name: string): T | undefined => (Object.hasOwn(table, name) ? table[name] : undefined);
