/** A run with its nested runs unfolded below it. */
export interface Unfolded<Row> {
  /** Where it stands among the runs at the top. */
  readonly after: number;
  /** What is shown below it, in order, each with its depth. */
  readonly below: readonly { readonly row: Row; readonly depth: number }[];
}

export type Place<Row> = { readonly top: number } | { readonly row: Row; readonly depth: number };

/** How many rows a table has with some runs unfolded. */
export const rowCount = (total: number, unfolded: readonly Unfolded<unknown>[]): number => unfolded.reduce((sum, { below }) => sum + below.length, total);

/** What stands at a row of the table: a run at the top, by its number, or a nested one. `unfolded` is in order. */
export function placeOf<Row>(index: number, unfolded: readonly Unfolded<Row>[]): Place<Row> {
  let before = 0;
  for (const { after, below } of unfolded) {
    const first = after + 1 + before;
    if (index < first) break;
    if (index < first + below.length) return below[index - first];
    before += below.length;
  }
  return { top: index - before };
}
