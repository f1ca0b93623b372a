import { expect, test } from "vitest";
import { conflict, describeError, invalid, MillraceError, notFound } from "./errors.ts";

test.each([
  [invalid("data.bad", "bad"), 400],
  [notFound("data.gone", "gone"), 404],
  [conflict("data.clash", "clash", { field: "x" }), 409],
])("%s has its HTTP status", (error, status) => {
  expect(error).toBeInstanceOf(MillraceError);
  expect(error).toMatchObject({ status, name: "MillraceError" });
});

test("a failure is described with the chain of its causes", () => {
  const error = new MillraceError("storage.full", 500, "The blob was not written", { cause: new Error("write failed", { cause: "ENOSPC" }) });
  expect(describeError(error)).toBe("The blob was not written: write failed: ENOSPC");
  expect(describeError("just text")).toBe("just text");
});
