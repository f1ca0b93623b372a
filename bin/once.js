import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "./cache.js";

/**
 * Does `work` unless `done()` says that it is done already; of several processes that want the same `what`, one works and the others
 * wait for it. A lock whose process is gone is taken over.
 */
export async function once(what, done, work) {
  if (done()) return;
  const folder = join(cacheFolder(), "locks");
  mkdirSync(folder, { recursive: true });
  const lock = join(folder, createHash("sha256").update(what).digest("hex").slice(0, 16));
  while (!take(lock)) await new Promise((resolve) => setTimeout(resolve, 200));
  try {
    if (!done()) await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take(lock) {
  try {
    writeFileSync(lock, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  }
  if (!held(lock)) rmSync(lock, { force: true });
  return false;
}

function held(lock) {
  try {
    const holder = Number(readFileSync(lock, "utf8"));
    // An empty file: its process has made it and not yet written its number.
    if (holder === 0) return true;
    process.kill(holder, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}
