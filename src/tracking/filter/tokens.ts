import { badFilter } from "./bad-filter.ts";

/** `word`: an identifier, perhaps with dots; `quoted`: in quotes or back-ticks. */
export type TokenKind = "word" | "quoted" | "number" | "operator" | "(" | ")" | ",";

export interface Token {
  readonly kind: TokenKind;
  /** What it means: without quotes, keywords as written. */
  readonly value: string;
  /** What it is written as. */
  readonly text: string;
  readonly quote: "'" | '"' | "`" | undefined;
  /** No space stands between it and the token before. */
  readonly attached: boolean;
}

const pattern =
  /(\s+)|((?:'(?:[^']|'')*')|(?:"(?:[^"]|"")*")|(?:`[^`]*`))|([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![\w.]))|(!=|<=|>=|<>|==|=|<|>)|([(),])|([\p{L}_\d][\p{L}\p{N}_.\-/@:]*|\.)/uy;

/** The tokens of a filter or an order; throws for a character that begins none. */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  let attached = false;
  for (let at = 0; at < text.length; ) {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (!match) throw badFilter(`Invalid clause(s) in filter string: ${JSON.stringify(text.slice(at))} (character ${at + 1} of ${JSON.stringify(text)} begins nothing that is known)`);
    at = pattern.lastIndex;
    const [all, space, quoted, number, operator, mark] = match;
    if (space === undefined) {
      const quote = quoted === undefined ? undefined : (all[0] as "'" | '"' | "`");
      const value = quote === undefined ? all : all.slice(1, -1).replaceAll(quote + quote, quote);
      const kind = quoted !== undefined ? "quoted" : number !== undefined ? "number" : operator !== undefined ? "operator" : mark !== undefined ? (mark as "(" | ")" | ",") : "word";
      found.push({ kind, value: value === "<>" ? "!=" : value === "==" ? "=" : value, text: all, quote, attached });
    }
    attached = space === undefined;
  }
  return found;
}
