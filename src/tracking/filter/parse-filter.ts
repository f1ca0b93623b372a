import { badFilter } from "./bad-filter.ts";
import { readKey, type Key } from "./key.ts";
import { tokens, type Token } from "./tokens.ts";

export type Operator = "=" | "!=" | "<" | "<=" | ">" | ">=" | "LIKE" | "ILIKE" | "RLIKE" | "IN" | "NOT IN" | "IS NULL" | "IS NOT NULL";

/** A value as written: a string was in quotes. */
export type Literal = string | number;

export interface Comparison {
  readonly kind: "comparison";
  readonly key: Key;
  readonly operator: Operator;
  /** One for a comparison, any number for IN, none for IS NULL. */
  readonly values: readonly Literal[];
}

export type Filter =
  | Comparison
  | { readonly kind: "and" | "or"; readonly parts: readonly Filter[] }
  | { readonly kind: "not"; readonly part: Filter };

/** What one filter may hold: of more, PostgreSQL thinks for seconds before it begins (each comparison of a metric is a join), and the stack ends. */
const most = { depth: 100, comparisons: 60, values: 10_000 } as const;

/**
 * Reads a search filter: MLflow's grammar (comparisons joined by AND) and, beyond it, OR, NOT and parentheses, in SQL's order of
 * precedence. Undefined for an empty filter. Throws `tracking.bad_filter` for what is not a filter.
 */
export function parseFilter(text: string | undefined): Filter | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const reader = new Reader(text);
  const filter = reader.either();
  reader.end();
  return filter;
}

class Reader {
  readonly text: string;
  readonly tokens: readonly Token[];
  at = 0;
  private depth = 0;
  private comparisons = 0;
  private values = 0;

  constructor(text: string) {
    this.text = text;
    this.tokens = tokens(text);
  }

  either(): Filter {
    return this.joined("or", () => this.joined("and", () => this.single()));
  }

  end(): void {
    if (this.at < this.tokens.length) throw this.wrong();
  }

  private joined(kind: "and" | "or", next: () => Filter): Filter {
    const parts = [next()];
    while (this.keyword(kind)) parts.push(next());
    return parts.length === 1 ? parts[0] : { kind, parts };
  }

  private single(): Filter {
    if (this.keyword("not")) return { kind: "not", part: this.inside(() => this.single()) };
    if (!this.take("(")) return this.comparison();
    const inner = this.inside(() => this.either());
    if (!this.take(")")) throw this.wrong();
    return inner;
  }

  private inside(read: () => Filter): Filter {
    if ((this.depth += 1) > most.depth) throw badFilter(`A filter may have ${most.depth} parentheses and NOT inside of each other; this one has more`);
    const filter = read();
    this.depth -= 1;
    return filter;
  }

  private comparison(): Comparison {
    const start = this.at;
    const read = readKey(this.tokens, this.at);
    if (!read) throw this.wrong(start);
    if ((this.comparisons += 1) > most.comparisons) throw badFilter(`A filter may have ${most.comparisons} comparisons; this one has more`);
    this.at = read.next;
    const { key } = read;
    const compared = this.take("operator");
    if (compared) return { kind: "comparison", key, operator: compared.value as Operator, values: [this.literal(start)] };
    for (const operator of ["like", "ilike", "rlike"] as const) {
      if (this.keyword(operator)) return { kind: "comparison", key, operator: operator.toUpperCase() as Operator, values: [this.literal(start)] };
    }
    if (this.keyword("is")) {
      const not = this.keyword("not");
      if (!this.keyword("null")) throw this.wrong(start);
      return { kind: "comparison", key, operator: not ? "IS NOT NULL" : "IS NULL", values: [] };
    }
    const not = this.keyword("not");
    if (!this.keyword("in") || !this.take("(")) throw this.wrong(start);
    const values = [this.literal(start)];
    while (this.take(",")) {
      // As Python writes a tuple of one: ('a',).
      if (this.tokens[this.at]?.kind === ")") break;
      values.push(this.literal(start));
    }
    if (!this.take(")")) throw this.wrong(start);
    return { kind: "comparison", key, operator: not ? "NOT IN" : "IN", values };
  }

  private literal(start: number): Literal {
    const token = this.tokens[this.at];
    if ((this.values += 1) > most.values) throw badFilter(`A filter may have ${most.values} values; this one has more`);
    if (token?.kind === "number") {
      this.at += 1;
      return Number(token.value);
    }
    if (token?.kind === "quoted" && token.quote !== "`") {
      this.at += 1;
      return token.value;
    }
    if (token?.kind === "word" || token?.quote === "`") {
      throw badFilter(`Invalid clause(s) in filter string: ${JSON.stringify(this.text)}. Parameter value is either not quoted or unidentified quote types used for string value ${token.text}. Use either single or double quotes.`);
    }
    throw this.wrong(start);
  }

  private take(kind: Token["kind"]): Token | undefined {
    const token = this.tokens[this.at];
    if (token?.kind !== kind) return undefined;
    this.at += 1;
    return token;
  }

  private keyword(word: string): boolean {
    const token = this.tokens[this.at];
    if (token?.kind !== "word" || token.value.toLowerCase() !== word) return false;
    this.at += 1;
    return true;
  }

  private wrong(from = this.at): Error {
    const clause = this.tokens.slice(from).map((token) => token.text).join(" ");
    return badFilter(`Invalid clause(s) in filter string: ${clause === "" ? "the filter ends too early" : `'${clause}'`}; the whole filter is ${JSON.stringify(this.text)}`);
  }
}
