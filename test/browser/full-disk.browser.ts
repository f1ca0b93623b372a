import { execFile, execFileSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { startMillrace } from "../running-server.ts";
import { freeBytes } from "../../src/storage/disk-full.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { openBrowser } from "./open-browser.ts";
import { settled, violations } from "./page-faults.ts";

const mayMount = process.getuid?.() === 0;

test.skipIf(!mayMount)("a full disk stands above every page as long as it lasts", async () => {
  const folder = join(await temporaryFolder(), "disk");
  await mkdir(folder);
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=32m", "none", folder]);
  onTestFinished(async () => void (await promisify(execFile)("umount", ["-l", folder])));
  const server = await startMillrace(join(folder, "home"));
  const browser = await openBrowser();
  onTestFinished(() => browser.close());
  for (const size of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
    const page = await browser.newPage({ viewport: size });
    await page.goto(server.url);
    await settled(page);
    const strip = page.getByRole("alert");
    expect(await strip.count()).toBe(0);
    const ballast = join(folder, "ballast");
    await writeFile(ballast, Buffer.alloc(freeBytes(folder)! - (1 << 20)));
    await strip.filter({ hasText: /The disk is full: \d+ bytes are free in .*Make room there; it goes on by itself/ }).waitFor({ timeout: 15_000 });
    expect(await violations(page)).toEqual([]);
    expect(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth)).toBe(true);
    await rm(ballast);
    await strip.waitFor({ state: "detached", timeout: 15_000 });
    await page.close();
  }
});
