import { expect, test } from "vitest";
import { OnnxProcess } from "./onnx-process-client.ts";

test("a process that is to be killed is asked no more, before the system has ended it", async () => {
  const one = new OnnxProcess();
  expect(one.alive).toBe(true);
  const killed = one.kill();
  expect(one.alive).toBe(false);
  await killed;
  expect(one.alive).toBe(false);
});
