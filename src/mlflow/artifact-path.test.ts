import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { placeOf, placeOfRoot, safePath } from "./artifact-path.ts";
import { rangeOf } from "./send-file.ts";

describe("paths that may lead out of an artifact root", () => {
  // The forms of CVE-2023-1177, CVE-2023-6909, CVE-2023-6977, CVE-2024-1558, CVE-2024-2928, CVE-2024-3848 and their like.
  test.each([
    "..",
    "../x",
    "a/../../x",
    "a/..",
    "/etc/passwd",
    "//etc/passwd",
    "..\\x",
    "a\\..\\x",
    "C:/windows",
    "c:windows",
    "file:///etc/passwd",
    "http://host/x",
    "%2e%2e/x",
    "a/%2e%2e%2fx",
    "%252e%252e%252fx",
    "%25252e%25252e/x",
    "..%5cx",
    "%2fetc/passwd",
    "%66ile:///etc",
    "a\0.txt",
    "a%00.txt",
    "a%0d%0ab",
    "a%250ab",
    "a\u0017b",
    "~/x",
    "a\nb",
  ])("%j is refused", (path) => {
    expect(() => safePath(path)).toThrow("Invalid path");
    expect(() => placeOf(path)).toThrow("Invalid path");
    expect(() => placeOfRoot("mlflow-artifacts:", "mlflow-artifacts:/1/r/artifacts", path)).toThrow("Invalid path");
  });
});

test.each([
  ["", ""],
  [".", ""],
  ["a//b/./c/", "a/b/c"],
  ["a..b/..c/d..", "a..b/..c/d.."],
  ["100% sure.txt", "100% sure.txt"],
  ["ü/drei und.txt", "ü/drei und.txt"],
  ["a%20b", "a%20b"],
  ["images/loss%step%10%timestamp%1790000000000%g1.png", "images/loss%step%10%timestamp%1790000000000%g1.png"],
])("%j is %j", (path, expected) => expect(safePath(path)).toBe(expected));

test("what is safe stays so, and never has a way up", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", ".", "/", "%", "2", "5", "e", "f", "\\", ":") }), (path) => {
      let safe: string;
      try {
        safe = safePath(path);
      } catch {
        return;
      }
      expect(safePath(safe)).toBe(safe);
      for (let text = safe, rounds = 0; rounds < 5; rounds++) {
        expect(text.split(/[/\\]/)).not.toContain("..");
        try {
          text = decodeURIComponent(text);
        } catch {
          break;
        }
      }
    }),
    { seed: 2, numRuns: 2000 },
  );
});

test.each([
  ["1/abc/artifacts/model/MLmodel", "abc", "model/MLmodel"],
  ["1/abc/artifacts", "abc", ""],
  ["1/models/m-1/artifacts/MLmodel", "m-1", "MLmodel"],
  ["1/traces/tr-1/artifacts/traces.json", "tr-1", "traces.json"],
  ["some/where/else.txt", "", "some/where/else.txt"],
])("the file %s is %s's", (path, owner, inside) => expect(placeOf(path)).toEqual({ owner, path: inside }));

test("a run's root is found by its URI, with or without a host", () => {
  for (const uri of ["mlflow-artifacts:/1/r/artifacts", "mlflow-artifacts://host:5000/1/r/artifacts"]) expect(placeOfRoot("mlflow-artifacts:", uri, "a/b")).toEqual({ owner: "r", path: "a/b" });
  expect(() => placeOfRoot("mlflow-artifacts:", "s3://bucket/1/r/artifacts", "a")).toThrow(/outside of Millrace/);
});

test.each([
  [undefined, undefined],
  ["bytes=0-", { from: 0, to: 9 }],
  ["bytes=2-4", { from: 2, to: 4 }],
  ["bytes=8-99", { from: 8, to: 9 }],
  ["bytes=-3", { from: 7, to: 9 }],
  ["bytes=-30", { from: 0, to: 9 }],
  ["bytes=10-", "unsatisfiable"],
  ["bytes=-0", "unsatisfiable"],
  ["bytes=4-2", undefined],
  ["bytes=1-2,4-5", undefined],
  ["lines=1-2", undefined],
])("of ten bytes, %s is %j", (header, expected) => expect(rangeOf(header, 10)).toEqual(expected));
