import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { curlCommand, shellQuote } from "./infer-request.ts";

test("a quoted text comes through the shell as it was", () => {
  fc.assert(
    fc.property(fc.string().filter((text) => !text.includes("\0")), (text) => {
      expect(execFileSync("/bin/sh", ["-c", `printf %s ${shellQuote(text)}`], { encoding: "utf8" })).toBe(text.toWellFormed());
    }),
    { numRuns: 40 },
  );
});

test("the command names every feature with its datatype", () => {
  const command = curlCommand("http://127.0.0.1:8080/v2/models/m/infer", [
    { name: "temp", type: "number" },
    { name: "weather's kind", type: "category" },
  ]);
  expect(command).toContain("'http://127.0.0.1:8080/v2/models/m/infer'");
  const body = execFileSync("/bin/sh", ["-c", command.replace(/^curl[^]*-d /, "printf %s ")], { encoding: "utf8" });
  expect(JSON.parse(body)).toEqual({
    inputs: [
      { name: "temp", shape: [1, 1], datatype: "FP32", data: [0] },
      { name: "weather's kind", shape: [1, 1], datatype: "BYTES", data: [""] },
    ],
  });
});
