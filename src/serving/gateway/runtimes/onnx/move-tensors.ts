import type { Tensor } from "../../tensors/tensor.ts";

/** Smaller tensors are cheaper cloned by the message than moved. */
const leastMoved = 4096;

const large = ({ data }: Tensor): boolean => !Array.isArray(data) && data.byteLength >= leastMoved;

/** A tensor in memory of its own where it is large: one copy, and a move, cost less than a clone, which copies twice. */
export const copyOfLarge = (tensor: Tensor): Tensor => (large(tensor) ? { ...tensor, data: tensor.data.slice() } : tensor);

/** The memory of the large tensors among `tensors`, to be moved to another thread with them; each must have its own whole memory. */
export const largeMemory = (tensors: readonly Tensor[]): ArrayBuffer[] =>
  tensors.filter(large).flatMap(({ data }) => (Array.isArray(data) || !(data.buffer instanceof ArrayBuffer) ? [] : [data.buffer]));
