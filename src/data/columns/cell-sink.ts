/** Takes the cells of one column of a source, one a row, in the order of the rows. */
export interface CellSink {
  /** A cell of delimited text: UTF-8 bytes from `start` up to `end`, quotes undone. */
  bytes(buffer: Uint8Array, start: number, end: number): void;
  text(text: string): void;
  /** A number that came as one; NaN is missing. */
  number(value: number): void;
  /** A point in time that came as one, whatever its size: milliseconds since 1970; NaN is missing. */
  time(value: number): void;
  missing(): void;
}
