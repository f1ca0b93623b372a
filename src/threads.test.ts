import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { temporaryFolder } from "../test/temporary-folder.ts";
import { onThread } from "./threads.ts";

/** A module that serves a thread with the work given as JavaScript, and the module that would start it. */
async function besideOf(work: string): Promise<string> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, "some-thread.ts"), `import { serveThread } from ${JSON.stringify(new URL("./threads.ts", import.meta.url).href)};\nserveThread(import.meta.url, ${work});\n`);
  return pathToFileURL(join(folder, "here.ts")).href;
}

const call = async (work: string, input: unknown, signal?: AbortSignal): Promise<unknown> => onThread(await besideOf(work), "some-thread", input, signal);

test("a thread is given its input and gives its output, by copy, by handing over and in shared memory", async () => {
  const shared = new Float64Array(new SharedArrayBuffer(16));
  const work = "async ({ add, shared }) => { shared[1] = 7; const output = Float64Array.of(1 + add); return { output, transfer: [output.buffer] }; }";
  expect(await call(work, { add: 2, shared })).toEqual(Float64Array.of(3));
  expect([...shared]).toEqual([0, 7]);
});

test("what the work throws is thrown here, and a thread that ends without an answer is told", async () => {
  await expect(call("async () => { throw new TypeError('no such thing'); }", null)).rejects.toThrow("no such thing");
  await expect(call("async () => process.exit(3)", null)).rejects.toThrow("the thread some-thread ended with code 3 before it answered");
  await expect(call("async () => new Promise(() => {})", null)).rejects.toThrow("before it answered");
});

test("a signal ends a thread that goes on for ever", async () => {
  const abandon = new AbortController();
  const begun = new Int32Array(new SharedArrayBuffer(4));
  const answer = call("async (begun) => { Atomics.store(begun, 0, 1); Atomics.notify(begun, 0); for (;;); }", begun, abandon.signal);
  await Atomics.waitAsync(begun, 0, 0).value;
  abandon.abort();
  await expect(answer).rejects.toThrow("before it answered");
});
