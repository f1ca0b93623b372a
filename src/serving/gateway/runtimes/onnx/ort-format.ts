import { createReadStream } from "node:fs";

/** Whether a place names a file of ONNX Runtime's own format: a FlatBuffer (microsoft/onnxruntime, ort.fbs), of which nothing is read here. */
export const isOrtFormat = (location: string): boolean => location.endsWith(".ort");

/** The text `Loop` as a FlatBuffer holds it: its length, its bytes and a zero. */
const loop = Buffer.from("\u0004\0\0\0Loop\0");

/** Whether a file in ONNX Runtime's format may loop: it holds the name of that operator somewhere, be it as something else's. */
export async function ortNamesLoop(file: string): Promise<boolean> {
  let rest = Buffer.alloc(0);
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    const bytes = Buffer.concat([rest, chunk as Buffer]);
    if (bytes.includes(loop)) return true;
    rest = bytes.subarray(Math.max(0, bytes.length - loop.length + 1));
  }
  return false;
}
