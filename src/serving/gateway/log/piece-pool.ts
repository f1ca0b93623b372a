import { Piece } from "./log-record.ts";

const firstBytes = 1 << 12;
const largestBytes = 1 << 18;
const mostKeptBytes = 1 << 24;

/**
 * Memory for records that is used again and again. Threads that share memory free it only when each of them has collected its garbage, which neither does
 * for the sake of memory that it does not count as its own: without this, the gateway grows.
 */
export class PiecePool {
  readonly #free = new Map<number, Piece[]>();
  #bytes = 0;

  /** A piece behind another one of a chunk, or its first, with room for so many bytes. */
  take(before: Piece | undefined, bytes: number): Piece {
    const size = Math.max(before ? Math.min(largestBytes, before.size * 2) : firstBytes, bytes);
    const piece = this.#free.get(size)?.pop();
    if (!piece) return new Piece(size);
    this.#bytes -= size;
    return piece;
  }

  /** Takes back what nobody reads or writes any more. */
  give(pieces: readonly Piece[]): void {
    for (const piece of pieces) {
      const { size } = piece;
      if (size > largestBytes || (size & (size - 1)) !== 0 || this.#bytes + size > mostKeptBytes) continue;
      piece.clear();
      this.#bytes += size;
      const free = this.#free.get(size);
      if (free) free.push(piece);
      else this.#free.set(size, [piece]);
    }
  }
}
