import { expect, test } from "vitest";
import { meantBy } from "./globs.ts";

test.each<[pattern: string, path: string, meant: boolean]>([
  ["train.py", "train.py", true],
  ["train.py", "src/train.py", false],
  ["train.py", "trainXpy", false],
  ["*.py", "train.py", true],
  ["*.py", "src/train.py", false],
  ["**/*.py", "train.py", true],
  ["**/*.py", "a/b/train.py", true],
  ["data", "data/hour.csv", true],
  ["data/", "data/old/hour.csv", true],
  ["data", "database.csv", false],
  ["./data/**", "data/.hidden", true],
  ["**", ".github/workflows/a.yml", true],
  ["release/*", "release/1", true],
  ["release/*", "release", false],
  ["v?", "v1", true],
  ["v?", "v12", false],
  ["a(b)+[c]", "a(b)+[c]", true],
  ["main", "domain", false],
])("%s means %s: %s", (pattern, path, meant) => expect(meantBy(["nothing-else", pattern], path)).toBe(meant));

test("no pattern means everything", () => expect(meantBy([], "a/b")).toBe(true));
