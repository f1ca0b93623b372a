import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "playwright-core";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** A page shows its content and loads no more. */
export async function settled(page: Page): Promise<void> {
  await page.locator("main h1").waitFor();
  await page.locator("main .panel, main .notice, main .race").first().waitFor();
  // Not by a script in the page: its policy runs no text as one.
  for (const loading of await page.locator("main .loading").all()) await loading.waitFor({ state: "detached" });
}

/** Gathers what the console of a page complains about, with the address of what could not be had. */
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(`${message.text()} ${message.location().url}`));
  page.on("pageerror", (error) => complaints.push(error.message));
  return complaints;
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary: string }[];
}

/** Everything that axe finds, its best practices too, as sentences. */
export async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = (await page.evaluate("axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations)")) as readonly Violation[];
  return found.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.html.slice(0, 160)} ${node.failureSummary.slice(0, 200)}`));
}

/** How many pixels a page is wider than its screen, as a sentence; none when it fits. */
export async function tooWide(page: Page): Promise<string[]> {
  const wider = Number(await page.evaluate("document.documentElement.scrollWidth - innerWidth"));
  return wider > 0 ? [`it is ${wider} px wider than the screen`] : [];
}
