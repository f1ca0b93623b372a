// Builds what the published package carries: the compiled JavaScript and the pages, both in dist/.
import { spawnSync } from "node:child_process";
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { ensureDependencies, ensurePages, root } from "./clone.js";
import { newEnoughNode } from "./node.js";
import { giveUp } from "./say.js";

try {
  await ensureDependencies();
  const node = await newEnoughNode();
  const dist = join(root, "dist");
  await ensurePages(node);
  // What an earlier build compiled from files that are gone must not be packed.
  for (const entry of readdirSync(dist)) if (!entry.startsWith("web")) rmSync(join(dist, entry), { recursive: true });
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  const { status } = spawnSync(node, [tsc, "-p", "tsconfig.build.json"], { cwd: root, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error("The TypeScript could not be compiled.");
  const assembled = spawnSync(node, [join(root, "src/serving/gateway/tensors/number-lists/assemble-wat.ts"), join(dist, "serving/gateway/tensors/number-lists/read-numbers.wasm")], { cwd: root, stdio: ["ignore", 2, 2] });
  if (assembled.status !== 0) throw new Error("The WebAssembly could not be assembled.");
} catch (error) {
  giveUp(error);
}
