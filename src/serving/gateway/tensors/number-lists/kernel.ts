import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { describeError } from "../../../../errors.ts";

/** What read-numbers.wat exports. */
export interface Kernel {
  readonly memory: WebAssembly.Memory;
  readonly at: WebAssembly.Global<"i32">;
  readonly out: WebAssembly.Global<"i32">;
  readonly depth: WebAssembly.Global<"i32">;
  find(at: number, end: number): number;
  begin(from: number, to: number): void;
  read(): 0 | 1 | 2;
}

/** Where text begins in the kernel's memory, and where it has the lengths of lists by their depth. */
export const textStart = 16_384;
export const dimensionsStart = 64;

const source = new URL("./read-numbers.wat", import.meta.url);

/** The kernel's code: the published package holds it assembled. */
async function code(): Promise<Uint8Array<ArrayBuffer>> {
  const assembled = new URL("./read-numbers.wasm", import.meta.url);
  if (existsSync(assembled)) return new Uint8Array(await readFile(assembled));
  // Not in the package, nor what it needs.
  const { assembleWat } = (await import(new URL("./assemble-wat.ts", import.meta.url).href)) as { assembleWat: (file: URL) => Promise<Uint8Array<ArrayBuffer>> };
  return assembleWat(source);
}

/** Memory that is kept between bodies; a larger body gets a kernel of its own, which goes with it. */
const keptBytes = 2 ** 24;
/** What WebAssembly can address, with room for the numbers: eight bytes each, of which the text takes two. */
const mostBytes = 2 ** 29;

let compiling: Promise<void> | undefined;
let module: WebAssembly.Module | undefined;
let table: BigUint64Array | undefined;
let kept: Kernel | undefined;

/** Compiles the kernel; until then `kernelFor` has none. */
export function compileKernel(): Promise<void> {
  return (compiling ??= code().then(async (bytes) => {
    module = await WebAssembly.compile(bytes);
  }));
}

/** A kernel with room for a text and its numbers; undefined while it is not compiled, which the first call begins, or where the text is too long. */
export function kernelFor(bytes: number): Kernel | undefined {
  if (!module) {
    compileKernel().catch((error: unknown) => process.emitWarning(`lists of numbers are read by JSON.parse: ${describeError(error)}`));
    return undefined;
  }
  if (bytes > mostBytes) return undefined;
  const room = textStart + bytes + 16 + 4 * bytes + 8;
  const kernel = room > keptBytes ? makeKernel(module) : (kept ??= makeKernel(module));
  const missing = room - kernel.memory.buffer.byteLength;
  if (missing > 0) kernel.memory.grow(Math.ceil(missing / 65_536));
  return kernel;
}

function makeKernel(from: WebAssembly.Module): Kernel {
  const kernel = new WebAssembly.Instance(from).exports as unknown as Kernel;
  new Float64Array(kernel.memory.buffer, 512, 23).set(Array.from({ length: 23 }, (_, power) => Number(`1e${power}`)));
  new BigUint64Array(kernel.memory.buffer, 1024, 2 * 651).set((table ??= powersOfFive()));
  return kernel;
}

/**
 * 5^q for q from -342 to 308, each scaled by a power of two to 128 bits and cut off; rounded up where q is negative (the paper
 * that read-numbers.wat names, section 6).
 */
function powersOfFive(): BigUint64Array {
  const table: bigint[] = [];
  for (let q = -342; q <= 308; q++) {
    const power = 5n ** BigInt(Math.abs(q));
    const bits = BigInt(power.toString(2).length);
    const scaled = q >= 0 ? (bits <= 128n ? power << (128n - bits) : power >> (bits - 128n)) : (1n << (bits + 127n)) / power + 1n;
    table.push(scaled >> 64n, scaled & 0xffff_ffff_ffff_ffffn);
  }
  return BigUint64Array.from(table);
}
