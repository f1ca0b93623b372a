import { createHash } from "node:crypto";
import { closeSync, openSync, readSync } from "node:fs";
import { parentPort } from "node:worker_threads";
import type { BlobInfo } from "../../storage/blobs.ts";
import type { Hashed, ToHash } from "./hashers.ts";

const buffer = Buffer.allocUnsafeSlow(1 << 20);

/** SHA-256 and size of a file, or of a part of it. */
function hash({ path, from, size }: ToHash): BlobInfo {
  const sum = createHash("sha256");
  const file = openSync(path, "r");
  try {
    let done = 0;
    for (;;) {
      const read = readSync(file, buffer, 0, Math.min(buffer.length, (size ?? Infinity) - done), (from ?? 0) + done);
      if (read === 0) return { sha256: sum.digest("hex"), size: done };
      sum.update(buffer.subarray(0, read));
      done += read;
    }
  } finally {
    closeSync(file);
  }
}

parentPort?.on("message", (asked: ToHash) => {
  let answer: Hashed;
  try {
    answer = hash(asked);
  } catch (error) {
    answer = { error: error as Error };
  }
  parentPort!.postMessage(answer, []);
});
