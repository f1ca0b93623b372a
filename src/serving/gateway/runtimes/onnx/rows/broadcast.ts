import { fixed, NotShown, rows, shapeOf, type Fact } from "./facts.ts";
import { hasRows, isOne, numberOf, sameSize, someSize, type Size } from "./sizes.ts";

/** A shape, and the axis of it that counts rows where one does. */
export interface Placed {
  readonly shape: readonly Size[];
  readonly axis: number | undefined;
}

export const placed = (fact: Fact): Placed => ({ shape: shapeOf(fact), axis: fact.of === "rows" ? fact.axis : undefined });

export const factOf = ({ shape, axis }: Placed): Fact => (axis === undefined ? fixed(shape) : rows(shape, axis));

/**
 * Shapes brought together as NumPy does, from the right (onnx/onnx, docs/Broadcasting.md). The rows of all must meet in one dimension, in which everything else has
 * the size 1 or none: what is not by rows is then the same for each.
 */
export function broadcast(parts: readonly Placed[]): Placed {
  const rank = Math.max(...parts.map(({ shape }) => shape.length));
  const fromRight = (part: Placed, position: number): Size | undefined => part.shape[part.shape.length - position];
  const positions = new Set(parts.flatMap(({ shape, axis }) => (axis === undefined ? [] : [shape.length - axis])));
  if (positions.size > 1) throw new NotShown("brings each row together with each other one");
  const [position] = positions;
  if (position !== undefined) {
    const counts = parts.flatMap((part) => (part.axis === undefined ? [] : [part.shape[part.axis]]));
    if (counts.some((count) => !sameSize(count, counts[0]))) throw new NotShown("brings rows together with parts of rows");
    for (const part of parts) {
      const size = part.axis === undefined ? fromRight(part, position) : undefined;
      if (size && !isOne(size)) throw new NotShown("brings together rows and a value that has a size of its own where rows are counted");
    }
  }
  const shape = Array.from({ length: rank }, (_, at) => together(parts.map((part) => fromRight(part, rank - at)).filter((size) => size !== undefined)));
  return { shape, axis: position === undefined ? undefined : rank - position };
}

function together(sizes: readonly Size[]): Size {
  const wide = sizes.filter((size) => !isOne(size));
  if (wide.length === 0) return sizes[0];
  const [first] = wide;
  if (wide.every((size) => sameSize(size, first))) return first;
  return wide.find(hasRows) ?? wide.find((size) => numberOf(size) !== undefined) ?? someSize();
}
