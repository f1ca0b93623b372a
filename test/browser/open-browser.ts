import { existsSync } from "node:fs";
import { chromium, type Browser } from "playwright-core";

/** A headless Chromium: `CHROMIUM`, or Debian's. */
export async function openBrowser(): Promise<Browser> {
  const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";
  if (!existsSync(executablePath)) throw new Error(`There is no Chromium at ${executablePath}: install one (apt-get install chromium), or say where it is with CHROMIUM`);
  const quiet = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
  return chromium.launch({ executablePath, args: ["--headless", "--no-sandbox", "--disable-gpu", ...quiet] });
}
