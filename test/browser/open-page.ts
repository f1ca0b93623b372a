import type { Browser, Page } from "playwright-core";
import { complaintsOf, settled } from "./page-faults.ts";

export interface Screen {
  readonly phone?: boolean;
  readonly dark?: boolean;
}

/** A page in a new window of its own, once it shows its content; with what the console complains about from then on. */
export async function openPage(browser: Browser, address: string, { phone = false, dark = false }: Screen = {}): Promise<{ page: Page; complaints: string[] }> {
  const page = await browser.newPage({ viewport: phone ? { width: 390, height: 844 } : { width: 1440, height: 900 }, colorScheme: dark ? "dark" : "light" });
  const complaints = complaintsOf(page);
  await page.goto(address);
  await settled(page);
  return { page, complaints };
}
