import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { emptyHouse, type RunningHouse } from "./lived-in-house.ts";
import { openBrowser } from "./open-browser.ts";
import { settled, tooWide, violations } from "./page-faults.ts";

let browser: Browser | undefined;
let house: RunningHouse | undefined;

beforeAll(async () => {
  [browser, house] = await Promise.all([openBrowser(), emptyHouse()]);
});

afterAll(async () => {
  await Promise.all([browser?.close(), house?.close()]);
});

const begin = new Date("2026-10-01T08:00:00Z");

describe.each([
  ["on a desk", { viewport: { width: 1440, height: 900 } }],
  ["on a phone in the dark", { viewport: { width: 390, height: 844 }, colorScheme: "dark" }],
] as const)("%s", (_, options) => {
  test("a server that is gone is told with the time of its last answer, and what was there stays; when it is back the page goes on, and so does a part whose code was never loaded", async () => {
    const page = await browser!.newPage(options);
    await page.clock.install({ time: begin });
    await page.goto(house!.url);
    await settled(page);
    const strip = page.getByRole("alert").filter({ hasText: "The server does not answer" });
    expect(await strip.count()).toBe(0);

    await house!.stop();
    await page.clock.runFor(6000);
    await strip.waitFor();
    // The last answer came in the seconds between the start of the page's clock and the look that found nobody.
    const told = new Date((await strip.locator("time").getAttribute("datetime"))!).getTime();
    expect(told).toBeGreaterThanOrEqual(begin.getTime());
    expect(told).toBeLessThan(begin.getTime() + 60_000);
    await page.clock.runFor(3_600_000);
    expect(new Date((await strip.locator("time").getAttribute("datetime"))!).getTime()).toBe(told);
    expect(await page.getByRole("heading", { name: "No model yet" }).count()).toBe(1);
    expect([...(await violations(page)), ...(await tooWide(page))]).toEqual([]);

    if (options.viewport.width < 860) await page.getByRole("button", { name: "Pages" }).click();
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Pipelines" }).click();
    await page.getByText("This part of the page comes when the server answers.").waitFor();

    await house!.start();
    await page.clock.runFor(3000);
    await page.getByRole("heading", { level: 1, name: "Pipelines" }).waitFor();
    await strip.waitFor({ state: "detached" });
    await settled(page);
    await page.close();
  });
});

test("a page that a server of another build has no code for is loaded anew, once", async () => {
  const page = await browser!.newPage();
  await page.clock.install({ time: begin });
  await page.goto(house!.url);
  await settled(page);
  let loads = 0;
  page.on("load", () => (loads += 1));
  await page.route(/pipeline-runs-page/, (route) => route.fulfill({ status: 404, body: "" }));
  await page.getByRole("link", { name: "Pipelines" }).click();
  await expect.poll(() => loads).toBe(1);
  await page.getByText("This part of the page comes when the server answers.").waitFor();
  await page.clock.runFor(20_000);
  await page.unroute(/pipeline-runs-page/);
  await page.clock.runFor(60_000);
  await page.getByRole("heading", { level: 1, name: "Pipelines" }).waitFor();
  expect(loads).toBeLessThanOrEqual(2);
  await page.close();
});
