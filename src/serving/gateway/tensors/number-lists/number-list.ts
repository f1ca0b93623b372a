/** A list of JSON numbers, nested or not, read into one array: `values` in row-major order, `shape` the lengths of its lists. */
export class NumberList {
  readonly shape: readonly number[];
  readonly values: Float64Array;

  constructor(shape: readonly number[], values: Float64Array) {
    this.shape = shape;
    this.values = values;
  }

  /** The lists as JSON.parse would have made them. */
  toLists(): unknown[] {
    let lists: unknown[] = Array.from(this.values);
    for (const length of this.shape.slice(1).toReversed()) {
      lists = Array.from({ length: lists.length / length }, (_, i) => lists.slice(i * length, (i + 1) * length));
    }
    return lists;
  }

  toJSON(): unknown[] {
    return this.toLists();
  }
}
