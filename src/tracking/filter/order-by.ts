import { badFilter } from "./bad-filter.ts";
import { readKey, type Key } from "./key.ts";
import { tokens } from "./tokens.ts";

export interface Order {
  readonly key: Key;
  readonly ascending: boolean;
}

/** Reads one order: a key, then perhaps ASC or DESC. Throws `tracking.bad_filter`. */
export function parseOrder(text: string): Order {
  const wrong = () => badFilter(`Invalid order_by clause '${text}'. Could not be parsed.`);
  const all = tokens(text);
  const read = readKey(all, 0);
  if (!read) throw wrong();
  const direction = all[read.next];
  if (all.length > read.next + 1 || (direction !== undefined && !/^(asc|desc)$/i.test(direction.text))) throw wrong();
  return { key: read.key, ascending: direction?.value.toLowerCase() !== "desc" };
}
