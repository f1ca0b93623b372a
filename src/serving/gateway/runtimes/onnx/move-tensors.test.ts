import { expect, test } from "vitest";
import type { Tensor } from "../../tensors/tensor.ts";
import { copyOfLarge, largeMemory } from "./move-tensors.ts";

const tensor = (data: Tensor["data"]): Tensor => ({ name: "x", datatype: "FP32", shape: [data.length], data });

test("large tensors get memory of their own, exactly theirs, and it is this that moves", () => {
  const all = new Float32Array(5000);
  const view = all.subarray(1000, 3000).fill(7);
  const copy = copyOfLarge(tensor(view));
  const [memory] = largeMemory([copy]);
  expect(memory.byteLength).toBe(8000);
  structuredClone(copy, { transfer: [memory] });
  expect(view[0]).toBe(7);
  expect(all).toHaveLength(5000);
});

test("small tensors and text are left to the message", () => {
  const small = [tensor(new Float32Array(1023)), tensor(["a"])];
  expect(small.map(copyOfLarge)).toEqual(small);
  expect(copyOfLarge(small[0])).toBe(small[0]);
  expect(largeMemory(small)).toEqual([]);
});
