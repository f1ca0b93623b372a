import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readBody } from "./http-body.ts";

/** A message whose body comes in these parts. */
const message = (parts: readonly Buffer[], length: number | undefined): IncomingMessage =>
  Object.assign(Readable.from(parts, { objectMode: false }), { headers: length === undefined ? {} : { "content-length": String(length) } }) as unknown as IncomingMessage;

/** `size` bytes in parts of these sizes, over and over. */
function cut(size: number, sizes: readonly number[]): { whole: Buffer; parts: Buffer[] } {
  const whole = Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 31) ^ (i >> 8)));
  const parts: Buffer[] = [];
  for (let at = 0, i = 0; at < size; i++) parts.push(whole.subarray(at, (at += sizes[i % sizes.length])));
  return { whole, parts };
}

test("a body is what came, however it was cut, with its length announced or not", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 700_000 }), fc.array(fc.integer({ min: 300, max: 200_000 }), { minLength: 1, maxLength: 9 }), fc.boolean(), async (size, sizes, announced) => {
      const { whole, parts } = cut(size, sizes);
      const body = await readBody(message(parts, announced ? size : undefined), 2 ** 20);
      expect(body.equals(whole)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("the end of a large body lies where raw tensors can be viewed", async () => {
  for (const size of [100_001, 100_002, 100_007, 600_000]) {
    const { parts } = cut(size, [65_536]);
    const body = await readBody(message(parts, size), 2 ** 20);
    expect((body.byteOffset + body.length) % 8).toBe(0);
  }
});

test("memory comes with the bytes, not with their announcement", async () => {
  const { parts } = cut(100_000, [50_000]);
  const before = process.memoryUsage().arrayBuffers;
  const bodies = await Promise.all(Array.from({ length: 20 }, () => readBody(message(parts, 60 * 2 ** 20), 64 * 2 ** 20)));
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(40 * 2 ** 20);
  expect(bodies).toHaveLength(20);
});
