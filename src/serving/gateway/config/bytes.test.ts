import { expect, test } from "vitest";
import { parseBytes } from "./bytes.ts";

test.each([
  ["1024", 1024],
  ["64k", 65_536],
  ["1.5 GiB", 1.5 * 2 ** 30],
  ["2GB", 2e9],
  ["512MiB", 512 * 2 ** 20],
])("%s is %d bytes", (text, bytes) => expect(parseBytes(text, "it")).toBe(bytes));

test.each(["", "0", "-1", "GiB", "1 constructor", "1e3", "2 GiBs", "NaN"])("%j is no size", (text) => {
  expect(() => parseBytes(text, "--memory-limit")).toThrow(`--memory-limit is "${text}"; it must be a size such as 512MiB or 2GiB.`);
});
