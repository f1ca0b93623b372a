import { appendFile, mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import { removeOlder } from "../storage/remove-older.ts";

/** A part is so many bytes at most. */
const partBytes = 256 << 10;
/** So long the output of a step is kept, ms. */
const keptMs = 30 * 86_400_000;

/** What the programs of steps print: a file for each step run, kept for thirty days. */
export interface StepOutputs {
  /** Adds to the output of a step run; a disk that has no room for it stops nothing. */
  append(runId: string, stepId: string, text: string): void;
  /** The output from a byte on, up to 256 KiB of it, and the byte to ask from next. */
  read(runId: string, stepId: string, from: number): Promise<{ readonly text: string; readonly next: number }>;
  /** Removes what is too old. */
  prune(now: number): Promise<void>;
}

export function openStepOutputs(home: string): StepOutputs {
  const folder = join(home, "logs", "steps");
  const fileOf = (runId: string, stepId: string): string => join(folder, `${encodeURIComponent(runId)}+${encodeURIComponent(stepId)}.log`);
  let writing = Promise.resolve();
  return {
    append(runId, stepId, text) {
      writing = writing
        .then(() => appendFile(fileOf(runId, stepId), text))
        .catch(async (error: NodeJS.ErrnoException) => {
          if (error.code !== "ENOENT") return;
          await mkdir(folder, { recursive: true, mode: 0o700 });
          await appendFile(fileOf(runId, stepId), text);
        })
        // The work goes on without its output.
        .catch(() => undefined);
    },
    async read(runId, stepId, from) {
      await writing;
      const file = await open(fileOf(runId, stepId)).catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw error;
      });
      if (!file) return { text: "", next: from };
      try {
        const { bytesRead, buffer } = await file.read(Buffer.alloc(partBytes), 0, partBytes, from);
        const whole = wholeCharacters(buffer.subarray(0, bytesRead));
        return { text: whole.toString("utf8"), next: from + whole.length };
      } finally {
        await file.close();
      }
    },
    prune: (now) => removeOlder(folder, keptMs, now),
  };
}

/** The bytes without the beginning of a character (of UTF-8) at their end, unless that is all there is. */
function wholeCharacters(bytes: Buffer): Buffer {
  for (let back = 1; back <= Math.min(3, bytes.length - 1); back++) {
    const byte = bytes[bytes.length - back];
    if ((byte & 0b1100_0000) === 0b1000_0000) continue;
    const length = byte >= 0b1111_0000 ? 4 : byte >= 0b1110_0000 ? 3 : byte >= 0b1100_0000 ? 2 : 1;
    return length > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}
