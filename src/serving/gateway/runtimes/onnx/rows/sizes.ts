/**
 * A size of a tensor as far as the graph says it: a number times names, each of which stands for a size that a request fixes (the length of a text). The name
 * `rows` is the number of rows, which is another one when requests are merged.
 */
export interface Size {
  readonly times: number;
  /** In order; one may come twice. */
  readonly names: readonly string[];
}

const rowsName = "rows";

/** The number of rows. */
export const rowCount: Size = { times: 1, names: [rowsName] };

export const sizeOf = (number: number): Size => ({ times: number, names: [] });

let named = 0;

/** A size that the graph does not say, but that no row and no number of rows changes. */
export const someSize = (): Size => ({ times: 1, names: [`size ${++named}`] });

/** Its number, where it has one. */
export const numberOf = ({ times, names }: Size): number | undefined => (names.length === 0 ? times : undefined);

export const isOne = (size: Size): boolean => numberOf(size) === 1;

/** How often the number of rows is in it. */
export const rowsIn = ({ names }: Size): number => names.reduce((count, name) => count + Number(name === rowsName), 0);

export const hasRows = ({ names }: Size): boolean => names.includes(rowsName);

export const sameSize = (one: Size, other: Size): boolean => one.times === other.times && one.names.length === other.names.length && one.names.every((name, at) => name === other.names[at]);

export function timesSize(sizes: readonly Size[]): Size {
  let times = 1;
  const names: string[] = [];
  for (const size of sizes) {
    times *= size.times;
    names.push(...size.names);
  }
  return { times, names: names.toSorted() };
}

/** The one by the other, where that comes out even whatever the names stand for. */
export function overSize(one: Size, other: Size): Size | undefined {
  if (other.times === 0 || one.times % other.times !== 0) return undefined;
  const names = [...one.names];
  for (const name of other.names) {
    const at = names.indexOf(name);
    if (at < 0) return undefined;
    names.splice(at, 1);
  }
  return { times: one.times / other.times, names };
}
