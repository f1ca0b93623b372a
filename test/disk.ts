import { execFile } from "node:child_process";
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { onTestFinished } from "vitest";
import { freeBytes } from "../src/storage/disk-full.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const run = promisify(execFile);

/** A disk of so many mebibytes (tmpfs), for who may mount; gone after the test. */
export async function disk(mebibytes: number, options = ""): Promise<string> {
  const folder = join(await temporaryFolder(), "disk");
  await mkdir(folder);
  await run("mount", ["-t", "tmpfs", "-o", `size=${mebibytes}m${options}`, "none", folder]);
  onTestFinished(async () => void (await run("umount", ["-l", folder])));
  return folder;
}

/** Makes a disk read-only, or to be written again. */
export const remount = async (folder: string, mode: "ro" | "rw"): Promise<void> => void (await run("mount", ["-o", `remount,${mode}`, folder]));

/** Fills a disk up, all but so many bytes. */
export async function fill(folder: string, but = 0): Promise<void> {
  // Others write meanwhile: what does not fit is tried again, smaller.
  for (let at = 0; freeBytes(folder)! > but; at++) await writeFile(join(folder, `ballast${at}`), Buffer.alloc(freeBytes(folder)! - but)).catch(() => undefined);
}

/** Takes away what filled it. */
export async function makeRoom(folder: string): Promise<void> {
  for (const file of await readdir(folder)) if (file.startsWith("ballast")) await rm(join(folder, file));
}
