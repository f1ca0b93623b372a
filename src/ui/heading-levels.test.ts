import { expect, test } from "vitest";
import { headingLevels } from "./heading-levels.ts";

test.each([
  [[1, 2, 3, 2, 1], [3, 4, 5, 4, 3]],
  [[2, 2, 4], [3, 3, 4]],
  [[3, 1, 2], [3, 3, 4]],
  [[1, 2, 3, 4, 5, 6], [3, 4, 5, 6, 6, 6]],
  [[], []],
])("headings of levels %j become %j", (given, expected) => {
  const headings = given.map((depth) => ({ type: "heading", depth }));
  headingLevels()({ type: "root", children: [{ type: "blockquote", children: headings.slice(0, 1) }, ...headings.slice(1)] });
  expect(headings.map(({ depth }) => depth)).toEqual(expected);
});
