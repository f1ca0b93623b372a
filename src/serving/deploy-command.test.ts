import { expect, test } from "vitest";
import { readVariants } from "./deploy-command.ts";

test.each([
  ["4", [["champion", 4, 1, false]]],
  ["blue=4", [["blue", 4, 1, false]]],
  ["champion=3:90%, challenger=4:10%", [["champion", 3, 0.9, false], ["challenger", 4, 0.1, false]]],
  ["a=1:0.25,b=2:0.75", [["a", 1, 0.25, false], ["b", 2, 0.75, false]]],
  ["champion=3:100%,next=5", [["champion", 3, 1, false], ["next", 5, 0, true]]],
])("%s", (text, expected) => {
  expect(readVariants(text).map(({ name, version, weight, shadow }) => [name, version, weight, shadow])).toEqual(expected);
});

test.each(["", "four", "3:50%,4:50%", "champion=3:many", "champion=3:-1"])("%j is refused with what would be right", (text) => {
  expect(() => readVariants(text)).toThrow(/champion=3:90%,challenger=4:10%/);
});
