interface Jump {
  readonly row: number;
  /** By how much the line of this row, and of those that follow, is ahead of its number. */
  readonly ahead: number;
}

/** On which line each row begins; lines that do not follow each other by one are kept. */
export class LineNumbers {
  #rows = 0;
  readonly #jumps: Jump[] = [];

  add(line: number): void {
    this.#jump(line - this.#rows);
    this.#rows++;
  }

  of(row: number): number {
    let [low, high] = [0, this.#jumps.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#jumps[middle].row <= row) low = middle;
      else high = middle - 1;
    }
    return row + (this.#jumps[low]?.ahead ?? 0);
  }

  get packed(): { readonly rows: number; readonly jumps: readonly Jump[] } {
    return { rows: this.#rows, jumps: this.#jumps };
  }

  /** Adds later rows, whose lines are counted from behind the first `lines`. */
  append(later: LineNumbers["packed"], lines: number): void {
    const rows = this.#rows;
    for (const { row, ahead } of later.jumps) {
      this.#rows = rows + row;
      this.#jump(ahead + lines - rows);
    }
    this.#rows = rows + later.rows;
  }

  #jump(ahead: number): void {
    if (this.#jumps.at(-1)?.ahead !== ahead) this.#jumps.push({ row: this.#rows, ahead });
  }
}
