// Runs a development tool, or a .ts file, of this clone under a new enough Node: `node bin/run.js vitest run`.
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join, resolve } from "node:path";
import { become } from "./child.js";
import { ensureDependencies, root } from "./clone.js";
import { newEnoughNode } from "./node.js";
import { giveUp } from "./say.js";

const [tool, ...args] = process.argv.slice(2);
try {
  if (tool === undefined) throw new Error("Name what to run: `node bin/run.js TOOL|FILE.ts [ARGUMENT …]`.");
  await ensureDependencies();
  const node = await newEnoughNode();
  become(node, [programOf(tool), ...args], { PATH: `${dirname(node)}${delimiter}${process.env.PATH}` });
} catch (error) {
  giveUp(error);
}

/** The file behind a name: a file of that path, or the program of that name in one of our dependencies. */
function programOf(name) {
  if (/\.[jt]s$/.test(name) && existsSync(name)) return resolve(name);
  const manifest = (folder) => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const { dependencies, devDependencies } = manifest(root);
  for (const dependency of Object.keys({ ...dependencies, ...devDependencies })) {
    const folder = join(root, "node_modules", dependency);
    const { bin, name: packageName } = manifest(folder);
    const programs = typeof bin === "string" ? { [packageName.split("/").at(-1)]: bin } : (bin ?? {});
    if (programs[name]) return join(folder, programs[name]);
  }
  throw new Error(`${name} is neither a file nor a program of a dependency.`);
}
