#!/usr/bin/env node
// The `millrace` command, in plain JavaScript for any Node from 20 on: sets up what is missing (in a clone the dependencies and the
// web pages, everywhere a new enough Node), then runs src/main.ts, or dist/main.js in the published package.
import module from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { become, compileCache, endWithNpm, tied } from "./child.js";
import { ensureDependencies, ensurePages, isClone, root } from "./clone.js";
import { newEnoughNode, nodeIsNewEnough } from "./node.js";
import { giveUp } from "./say.js";

/** The commands that start the server, which serves the pages. */
const serving = new Set(["up", "run", "replay", "tour"]);

/** The server is mostly idle: a small young generation keeps it small, at no cost that shows. */
const small = ["--max-semi-space-size=4"];

const main = join(root, ...(isClone ? ["src", "main.ts"] : ["dist", "main.js"]));
const args = process.argv.slice(2);
const asksForHelp = args.includes("--help") || args.includes("-h");
try {
  if (isClone) await ensureDependencies();
  const node = await newEnoughNode();
  if (isClone && serving.has(args[0]) && !asksForHelp) await ensurePages(node);
  if (nodeIsNewEnough()) {
    module.enableCompileCache(compileCache());
    // For threads and workers, which begin again and again.
    process.env.NODE_COMPILE_CACHE = compileCache();
    endWithNpm(() => process.kill(process.pid, "SIGKILL"));
  } else become(node, [...(args[0] === "up" ? small : []), main, ...args], tied);
} catch (error) {
  giveUp(error);
}
if (nodeIsNewEnough()) await import(pathToFileURL(main).href);
