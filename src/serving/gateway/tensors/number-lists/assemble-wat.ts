import { readFile, writeFile } from "node:fs/promises";
import wabt from "wabt";

/** WebAssembly from its text. */
export async function assembleWat(file: URL): Promise<Uint8Array<ArrayBuffer>> {
  const module = (await wabt()).parseWat(file.pathname, await readFile(file, "utf8"));
  try {
    return new Uint8Array(module.toBinary({}).buffer);
  } finally {
    module.destroy();
  }
}

/** `node assemble-wat.ts FILE` writes the kernel for the package. */
if (import.meta.main) await writeFile(process.argv[2], await assembleWat(new URL("./read-numbers.wat", import.meta.url)));
