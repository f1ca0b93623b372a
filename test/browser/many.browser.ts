import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { trackedHouse, type TrackedHouse } from "./tracked-house.ts";
import { openBrowser } from "./open-browser.ts";
import { openPage } from "./open-page.ts";
import { settled, tooWide, violations } from "./page-faults.ts";

let browser: Browser | undefined;
let house: TrackedHouse | undefined;
const many = 1000;

beforeAll(async () => {
  [browser, house] = await Promise.all([openBrowser(), trackedHouse()]);
  const numbers = Array.from({ length: many }, (_, index) => String(index).padStart(4, "0"));
  for (let from = 0; from < many; from += 50) {
    await Promise.all(numbers.slice(from, from + 50).flatMap((number) => [house!.post("experiments/create", { name: `sweep_${number}` }), house!.post("registered-models/create", { name: `model_${number}` })]));
  }
});

afterAll(async () => {
  await Promise.all([browser?.close(), house?.close()]);
});

const open = (path: string, phone = false) => openPage(browser!, house!.url + path, { phone });

const shown = (page: Page, label: string): Promise<string[]> => page.getByRole("listbox", { name: label }).getByRole("option").allTextContents();

test.each([false, true])("an experiment of a thousand is found by its words and gone to by the keyboard alone (phone: %s)", async (phone) => {
  const { page, complaints } = await open("/runs", phone);
  const box = page.getByRole("combobox", { name: "Experiment" });
  await box.focus();
  await page.keyboard.press("ArrowDown");
  await expect.poll(async () => (await shown(page, "Experiment")).length).toBe(50);
  expect(await page.locator(".combo-more").last().textContent()).toBe("954 more: type to find them.");
  expect([...(await violations(page)), ...(await tooWide(page))]).toEqual([]);
  await page.keyboard.type("SWEEP 77");
  await expect.poll(async () => shown(page, "Experiment")).toEqual(["sweep_00770 runs", "sweep_01770 runs", "sweep_02770 runs", "sweep_03770 runs", "sweep_04770 runs", "sweep_05770 runs", "sweep_06770 runs", ...Array.from({ length: 10 }, (_, index) => `sweep_077${index}0 runs`), "sweep_08770 runs", "sweep_09770 runs"]);
  await page.keyboard.press("Escape");
  expect([await box.inputValue(), await box.getAttribute("aria-expanded")]).toEqual(["bike demand, net", "false"]);
  await page.keyboard.type("sweep_0773");
  await expect.poll(async () => (await shown(page, "Experiment")).length).toBe(1);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "sweep_0773" }).waitFor();
  expect(complaints).toEqual([]);
  await page.close();
});

test("words that mean something to SQL mean themselves", async () => {
  const { page } = await open("/experiments?search=sweep%25");
  await page.getByText("No experiment has all of these words").waitFor();
  await page.getByRole("searchbox", { name: "Search experiments" }).fill("_00 1");
  await expect.poll(() => page.locator("main tbody tr").count()).toBe(19);
  await page.close();
});

test("a model of a thousand is found in the header", async () => {
  const { page, complaints } = await open("/models");
  const box = page.getByRole("combobox", { name: "Model" });
  await box.click();
  expect((await shown(page, "Model")).length).toBe(50);
  await box.fill("model_0512");
  await page.getByRole("option", { name: "model_0512" }).click();
  await page.getByRole("heading", { level: 1, name: "model_0512" }).waitFor();
  expect(new URL(page.url()).searchParams.get("model")).toBe("model_0512");
  await settled(page);
  expect([...(await violations(page)), ...complaints]).toEqual([]);
  await page.close();
});

test("experiments are listed a page at a time, the newest runs first", async () => {
  const { page, complaints } = await open("/experiments");
  await page.getByText("1,004 experiments").waitFor();
  expect((await page.locator("main tbody th a").allTextContents()).slice(0, 3)).toEqual(["bike demand, net", "bike demand, forest", "odd ones"]);
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByText("51–100 of 1,004").waitFor();
  expect([...(await violations(page)), ...complaints, ...(await tooWide(page))]).toEqual([]);
  await page.close();
});
