import { expect, test } from "vitest";
import { matchesWords } from "./matches-words.ts";

test.each([
  ["", true],
  ["bike", true],
  ["BIKE  champion", true],
  ["team:water", true],
  ["bike car", false],
])("the search %j finds a model of these words: %s", (search, found) => {
  expect(matchesWords(search, ["Bike-demand", "team:water", "champion"])).toBe(found);
});
