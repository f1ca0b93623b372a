import { randomUUID } from "node:crypto";
import { checkText } from "../body-text.ts";
import { parseJson } from "../parse-json.ts";
import { kernelFor, dimensionsStart, textStart } from "./kernel.ts";
import type { Kernel } from "./kernel.ts";
import { NumberList } from "./number-list.ts";

/** Shorter bodies, and shorter lists, JSON.parse reads as fast. */
const leastBytes = 16_384;
const leastNumbers = 256;

/** Stands in the text for a list that was taken out; no client can know it. */
const placeholder = `millrace:${randomUUID()}:`;

/**
 * A body's JSON as `parseJson` gives it, but long lists of numbers that are the value of one of `keys` in any object come as
 * `NumberList`: they are read from the bytes at once, without a string and a JavaScript array of 150 000 numbers between.
 */
export function parseJsonBody(body: Buffer, keys: readonly string[]): unknown {
  const kernel = body.length < leastBytes ? undefined : kernelFor(body.length);
  checkText(body);
  if (kernel) {
    const { text, lists } = takeLists(body, kernel);
    if (lists.length > 0) {
      try {
        return putBack(parseJson(text), lists, keys);
      } catch {
        // What is wrong is said of the whole text.
      }
    }
  }
  return parseJson(body.toString("utf8"));
}

/** The text of a body without its long lists of numbers. */
function takeLists(body: Buffer, kernel: Kernel): { text: string; lists: NumberList[] } {
  new Uint8Array(kernel.memory.buffer).set(body, textStart);
  const end = textStart + body.length;
  new Uint8Array(kernel.memory.buffer, end, 8).fill(0);
  const out = (end + 15) & ~7;
  const lists: NumberList[] = [];
  let text = "";
  let kept = 0;
  let wasted = 0;
  for (let at = kernel.find(textStart, end); at >= 0 && wasted < body.length; at = kernel.find(at, end)) {
    const list = readList(body, kernel, at, out);
    const next = kernel.at.value;
    if (list && list.values.length >= leastNumbers) {
      text += `${body.toString("utf8", kept, at - textStart)}"${placeholder}${lists.push(list) - 1}"`;
      kept = next - textStart;
    }
    if (!list) wasted += next - at;
    at = list ? next : at + 1;
  }
  return { text: text + body.toString("utf8", kept), lists };
}

/** The list of numbers at a place of the kernel's memory; undefined where something else is. */
function readList(body: Buffer, kernel: Kernel, at: number, out: number): NumberList | undefined {
  kernel.begin(at, out);
  for (let status = kernel.read(); status !== 0; status = kernel.read()) {
    if (status === 2) return undefined;
    // One of the few numbers whose rounding needs more digits than the kernel looks at.
    const start = kernel.at.value - textStart;
    let end = start;
    while (isNumberByte(body[end])) end++;
    new Float64Array(kernel.memory.buffer, kernel.out.value, 1)[0] = Number(body.toString("latin1", start, end));
    kernel.at.value = end + textStart;
    kernel.out.value += 8;
  }
  const lengths = new Int32Array(kernel.memory.buffer, dimensionsStart + 4, 33);
  const shape = Array.from(lengths.subarray(0, lengths.indexOf(-1)));
  return new NumberList(shape, new Float64Array(kernel.memory.buffer, out, (kernel.out.value - out) / 8).slice());
}

/** Digits, signs, point and "e". */
const isNumberByte = (byte: number): boolean => (byte >= 48 && byte <= 57) || byte === 43 || byte === 45 || byte === 46 || byte === 69 || byte === 101;

/** Puts the lists where their placeholders stand, as they are under one of `keys`, and as JavaScript's lists elsewhere. */
function putBack(value: unknown, lists: readonly NumberList[], keys: readonly string[]): unknown {
  const root: Record<string, unknown> = { "": value };
  const open: Record<string, unknown>[] = [root];
  for (let holder = open.pop(); holder; holder = open.pop()) {
    for (const [key, item] of Object.entries(holder)) {
      if (typeof item === "object" && item !== null) open.push(item as Record<string, unknown>);
      else if (typeof item === "string" && item.startsWith(placeholder)) {
        const list = lists[Number(item.slice(placeholder.length))];
        // Defined, not set: "__proto__" is a key like any other.
        Object.defineProperty(holder, key, { value: !Array.isArray(holder) && keys.includes(key) ? list : list.toLists(), enumerable: true, writable: true, configurable: true });
      }
    }
  }
  return root[""];
}
