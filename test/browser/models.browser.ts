import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { registerClientModels } from "./client-models.ts";
import { emptyHouse, exampleProject, walkOnce, type RunningHouse } from "./lived-in-house.ts";
import { openBrowser } from "./open-browser.ts";
import { openPage, type Screen } from "./open-page.ts";
import { settled, tooWide, violations } from "./page-faults.ts";

let browser: Browser | undefined;
let house: RunningHouse | undefined;

beforeAll(async () => {
  [browser, house] = await Promise.all([openBrowser(), emptyHouse()]);
  await walkOnce(house, await exampleProject());
  await registerClientModels(house.url);
});

afterAll(async () => {
  await Promise.all([browser?.close(), house?.close()]);
});

const open = (path: string, screen: Screen = {}) => openPage(browser!, house!.url + path, screen);

describe.each([
  ["on a desk", {}],
  ["on a phone", { phone: true }],
  ["in the dark", { dark: true }],
])("%s", (_, options) => {
  test.each(["/?model=trips", "/data?model=trips", "/runs?model=trips", "/evaluations?model=trips", "/deployments?model=trips", "/monitoring?model=trips", "/optimization?model=trips", "/pipelines?model=trips", "/models", "/models/trips", "/models/trips/2", "/models/trips/1/compare/trips/2", "/models/trips/2/compare/bike-demand/1", "/models/bike-demand/1"])("%s is accessible, quiet, and fits", async (path) => {
    const { page, complaints } = await open(path, options);
    expect([...(await violations(page)), ...complaints, ...(await tooWide(page))]).toEqual([]);
    await page.close();
  });
});

test("a version of a client shows what stands behind it", async () => {
  const { page } = await open("/models/trips/2");
  const text = (await page.locator("main").textContent()) ?? "";
  for (const part of ["2".repeat(40), "train.py", "depth", "==1.9.1", "distance", "tensor float64[-1]", "IsNaN", 'load_model("models:/trips/2")']) expect(text).toContain(part);
  const coming = page.waitForEvent("download");
  await page.getByRole("link", { name: "requirements.txt" }).click();
  expect((await coming).suggestedFilename()).toBe("requirements.txt");
  await page.close();
});

test("the search finds models by tag, and says when there is none", async () => {
  const { page } = await open("/models");
  await page.getByRole("searchbox", { name: "Search models" }).fill("team:rides");
  expect(await page.getByRole("group", { name: "Registered models" }).locator("tbody tr").count()).toBe(1);
  await page.getByRole("searchbox", { name: "Search models" }).fill("no such thing");
  expect(await page.locator("main").textContent()).toContain("No model has all of these words");
  await page.close();
});

test("two versions are chosen and compared; what is the same comes on demand", async () => {
  const { page } = await open("/models/trips");
  await page.getByRole("button", { name: "Compare" }).click();
  await page.waitForURL("**/models/trips/1/compare/trips/2**");
  await page.getByRole("heading", { name: "Parameters" }).waitFor();
  expect(await page.getByRole("row", { name: /depth/ }).textContent()).toContain("changed");
  expect(await page.getByRole("row", { name: /distance/ }).count()).toBe(0);
  const signature = page.locator("section.panel", { has: page.getByRole("heading", { name: "Signature" }) });
  await signature.getByRole("button", { name: /the same/ }).click();
  expect(await page.getByRole("row", { name: /input distance/ }).textContent()).toContain("same");
  await page.close();
});

test("the keyboard alone rolls an alias back: nothing without a reason, Escape leaves it", async () => {
  const { page } = await open("/models/trips");
  const button = page.getByRole("button", { name: "Roll back" });
  await button.focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Roll champion back" });
  await dialog.waitFor();
  expect(await violations(page)).toEqual([]);
  await page.keyboard.press("Enter");
  expect(await dialog.isVisible()).toBe(true);
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  expect(await page.evaluate("document.activeElement.textContent")).toBe("Roll back");
  await page.keyboard.press("Enter");
  await page.keyboard.type("errors at night");
  await page.keyboard.press("Enter");
  await page.getByText("The alias champion points at version 1 now").waitFor();
  await expect.poll(() => page.getByRole("row", { name: /^champion/ }).textContent()).toContain("rolled back: errors at night");
  await page.close();
});

test("a policy refuses, in the dialog; a deletion is undone", async () => {
  const { page } = await open("/models/trips");
  await page.getByRole("button", { name: "Policy" }).click();
  await page.getByLabel("gate").check();
  await page.getByLabel("Why").fill("only what passed");
  await page.getByRole("button", { name: "Keep" }).click();
  await page.getByText("The policy of champion is kept.").waitFor();
  await page.getByRole("button", { name: "Set an alias" }).click();
  await page.getByLabel("Version", { exact: true }).selectOption("2");
  await page.getByLabel("Why").fill("again");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await page.getByRole("alert").waitFor();
  expect(await page.getByRole("alert").textContent()).toContain("it passed its evaluation gate here");
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("row", { name: /^v2/ }).getByRole("button", { name: "Delete" }).click();
  await page.getByLabel("Why").fill("not needed");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("Version 2 is deleted.").waitFor();
  await page.getByRole("region", { name: "Deleted versions" }).waitFor();
  await page.getByRole("button", { name: "Undo" }).click();
  await page.getByRole("row", { name: /^v2/ }).first().waitFor();
  await page.close();
});

test("the start of a model that clients registered says that nobody answers and what to do, and asks for nothing that it does not have", async () => {
  const page = await browser!.newPage();
  await page.clock.install();
  const refused: string[] = [];
  page.on("response", (response) => response.status() >= 400 && refused.push(response.url()));
  await page.goto(`${house!.url}/?model=trips`);
  await settled(page);
  const text = (await page.locator("main").textContent()) ?? "";
  expect(text).toMatch(/champion is v\d/);
  for (const part of ["Registered by a client", "Answersnobody", "It is not retrained here"]) expect(text).toContain(part);
  expect(text).not.toMatch(/Version \d+ serves/);
  await page.getByRole("link", { name: "Compare the two newest versions" }).waitFor();
  await page.getByRole("button", { name: "Deploy a version" }).click();
  await page.getByRole("dialog", { name: "Deploy a version of trips" }).waitFor();
  await page.keyboard.press("Escape");
  await page.clock.runFor(60_000);
  expect(refused).toEqual([]);
  await page.close();
});

test("a model and a version are described and tagged, and a model renamed, on their pages", async () => {
  await fetch(`${house!.url}/api/2.0/mlflow/registered-models/create`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ name: "to_rename" }) });
  const { page, complaints } = await open("/models/to_rename");
  await page.getByRole("button", { name: "Describe" }).click();
  await page.getByLabel("Description, in Markdown").fill("- one\n- two");
  await page.getByRole("button", { name: "Keep" }).click();
  await expect.poll(() => page.getByRole("region", { name: "Description" }).locator("li").allTextContents()).toEqual(["one", "two"]);
  await page.getByRole("button", { name: "Add a tag" }).click();
  await page.getByLabel("Key").fill("owner");
  await page.getByLabel("Value").fill("ada");
  await page.getByRole("button", { name: "Add", exact: true }).click();
  await page.getByRole("region", { name: "Tags" }).getByText("ada").waitFor();
  await page.getByRole("button", { name: "Rename" }).click();
  await page.getByLabel("Name", { exact: true }).fill("renamed_1");
  await page.getByRole("dialog").getByRole("button", { name: "Rename" }).click();
  await page.getByRole("heading", { level: 1, name: "renamed_1" }).waitFor();
  await page.getByText("renamed from to_rename to renamed_1").waitFor();
  expect([...(await violations(page)), ...complaints]).toEqual([]);
  await page.goto(`${house!.url}/models/trips/1`);
  await settled(page);
  await page.getByRole("button", { name: "Describe" }).click();
  await page.getByLabel("Description, in Markdown").fill("**first**");
  await page.getByRole("button", { name: "Keep" }).click();
  await page.getByRole("region", { name: "Description" }).locator("strong").waitFor();
  await page.close();
});

test("what does not exist is said", async () => {
  const { page } = await open("/models/trips/77");
  expect(await page.getByRole("alert").first().textContent()).toContain("version=77");
  await page.close();
});
