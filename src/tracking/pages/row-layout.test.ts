import { expect, test } from "vitest";
import { placeOf, rowCount } from "./row-layout.ts";

const unfolded = [
  { after: 1, below: [{ row: "1a", depth: 1 }, { row: "1b", depth: 1 }] },
  { after: 3, below: [{ row: "3a", depth: 1 }] },
];

test("nested runs stand below their parent, and what follows moves down", () => {
  const count = rowCount(5, unfolded);
  const shown = Array.from({ length: count }, (_, index) => placeOf(index, unfolded)).map((place) => ("top" in place ? String(place.top) : place.row));
  expect(shown).toEqual(["0", "1", "1a", "1b", "2", "3", "3a", "4"]);
});

test("with nothing unfolded every row is a run at the top", () => expect(placeOf(99_999, [])).toEqual({ top: 99_999 }));
