import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { registerClientModels } from "./client-models.ts";
import { Keyboard } from "./keyboard.ts";
import { openBrowser } from "./open-browser.ts";
import { openPage } from "./open-page.ts";
import { traceChats } from "./traced-house.ts";
import { trackedHouse, type TrackedHouse } from "./tracked-house.ts";

/*
 * What somebody who logs with MLflow does on the pages (README: runs, metrics, artifacts, the registry, traces), without a mouse: Tab, arrows, Enter, Space and Escape, from
 * the top of a page on. Nothing here sets the focus or clicks. At every stop the focus must be seen.
 */
let browser: Browser | undefined;
let house: TrackedHouse | undefined;

beforeAll(async () => {
  [browser, house] = await Promise.all([openBrowser(), trackedHouse()]);
  await traceChats(house);
  await registerClientModels(house.url);
});

afterAll(async () => {
  await Promise.all([browser?.close(), house?.close()]);
});

/** Opens a page and does something on it; says what of the focus was not to be seen, and what the console complained about. */
async function walk(path: string, work: (page: Page, keys: Keyboard) => Promise<void>): Promise<string[]> {
  const { page, complaints } = await openPage(browser!, house!.url + path);
  const keys = new Keyboard(page);
  await work(page, keys);
  await page.close();
  return [...keys.faults, ...complaints];
}

const heading = (page: Page, name: string | RegExp) => page.getByRole("heading", { level: 1, name }).waitFor();

test("past the navigation to the content, and from page to page", async () => {
  const faults = await walk("/", async (page, keys) => {
    await keys.to(page.getByRole("link", { name: "Skip to the content" }));
    await keys.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).toBe("main");
    await page.reload();
    await heading(page, /./);
    for (const [name, title] of [["Runs", /Runs/], ["Traces", /Traces/], ["Models", /Models/]] as const) {
      await keys.to(page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name, exact: true }), { back: name !== "Runs" });
      await keys.press("Enter");
      await heading(page, title);
    }
  });
  expect(faults).toEqual([]);
});

test("an experiment is found, opened, described and renamed; one is deleted and brought back", async () => {
  const faults = await walk("/experiments", async (page, keys) => {
    await keys.to(page.getByRole("searchbox", { name: "Search experiments" }));
    await keys.type("odd");
    await page.getByText("1 experiment", { exact: true }).waitFor();
    await keys.to(page.getByRole("button", { name: "Delete odd ones" }));
    await keys.press("Enter");
    await page.getByRole("dialog").waitFor();
    await keys.to(page.getByRole("dialog").getByRole("button", { name: "Delete" }));
    await keys.press("Enter");
    await page.getByText("The experiment odd ones is deleted").waitFor();
    await keys.to(page.getByRole("button", { name: "Undo" }));
    await keys.press("Enter");
    await keys.to(page.getByRole("link", { name: "odd ones" }));
    await keys.press("Enter");
    await keys.to(page.getByRole("button", { name: "Rename" }));
    await keys.press("Enter", "Control+A");
    await keys.type("odd and even ones");
    await keys.press("Enter");
    await heading(page, "odd and even ones");
    await keys.to(page.getByRole("button", { name: "Describe" }));
    await keys.press("Enter");
    await keys.type("All that is *odd*");
    await keys.to(page.getByRole("dialog").getByRole("button", { name: "Keep" }));
    await keys.press("Enter");
    await page.getByRole("region", { name: "Description" }).locator("em").waitFor();
  });
  expect(faults).toEqual([]);
});

test("another experiment is chosen; runs are filtered, sorted, unfolded, given columns, chosen, compared, deleted and brought back", { timeout: 400_000 }, async () => {
  const faults = await walk(`/experiments/${house!.experiments.net}`, async (page, keys) => {
    await keys.to(page.getByRole("combobox", { name: "Experiment" }));
    await keys.type("forest");
    // At once, before the server has said what it finds.
    await keys.press("Enter");
    await page.getByText("11 runs at the top").waitFor();
    const table = page.getByRole("table", { name: "Runs" });
    await keys.to(page.getByRole("textbox", { name: "Filter runs" }));
    await keys.type("params.depth = '6'");
    await keys.press("Enter");
    await page.getByText("7 runs", { exact: true }).waitFor();
    await keys.press("Control+A", "Delete", "Enter");
    await page.getByText("11 runs at the top").waitFor();
    await keys.to(page.getByRole("button", { name: "Columns" }));
    await keys.press("Enter");
    await keys.to(page.getByRole("textbox", { name: "Search columns" }).or(page.getByRole("searchbox", { name: "Search columns" })));
    await keys.type("seed");
    await keys.to(page.getByRole("checkbox", { name: "seed" }));
    await keys.press("Space", "Escape");
    await page.getByRole("columnheader", { name: "seed" }).waitFor();
    await keys.to(table.getByRole("button", { name: "RMSE" }));
    await keys.press("Enter");
    await expect.poll(() => table.getByRole("columnheader", { name: "RMSE" }).getAttribute("aria-sort")).toBe("descending");
    await keys.to(page.getByRole("button", { name: "30 nested runs of search" }));
    await keys.press("Enter");
    await page.getByRole("link", { name: "trial-29" }).waitFor();
    for (const name of ["trial-29", "trial-28"]) {
      await keys.to(page.getByRole("checkbox", { name: `Choose ${name}` }));
      await keys.press("Space");
    }
    const chosen = page.getByRole("region", { name: "Chosen runs" });
    await keys.to(chosen.getByRole("button", { name: "Delete" }), { back: true });
    await keys.press("Enter");
    await page.getByText("2 runs deleted.").waitFor();
    await keys.to(chosen.getByRole("button", { name: "Undo" }));
    await keys.press("Enter");
    await page.getByText("2 runs restored.").waitFor();
    for (const name of ["trial-29", "trial-28"]) {
      await keys.to(page.getByRole("checkbox", { name: `Choose ${name}` }));
      await keys.press("Space");
    }
    await keys.to(chosen.getByRole("link", { name: "Compare" }), { back: true });
    await keys.press("Enter");
    await heading(page, "Comparison of runs");
    await keys.to(page.getByLabel("Differences only"));
    await keys.press("Space");
    await expect.poll(() => page.getByRole("rowheader", { name: "seed" }).count()).toBe(0);
  });
  expect(faults).toEqual([]);
});

test("a run's charts are zoomed, smoothed and made logarithmic; its pictures are walked through, its files opened and downloaded", async () => {
  const faults = await walk(`/runs/${house!.runs.net}`, async (page, keys) => {
    const chart = page.getByRole("region", { name: "loss", exact: true });
    await chart.getByText("6,000 points: mean").waitFor();
    await keys.to(page.getByRole("slider", { name: /Smooth/ }));
    await keys.press("ArrowRight", "ArrowRight");
    await expect.poll(() => new URL(page.url()).searchParams.get("smooth")).not.toBeNull();
    await keys.to(page.getByLabel(/Logarithmic|Log/));
    await keys.press("Space");
    await expect.poll(() => new URL(page.url()).searchParams.get("log")).toBe("yes");
    await keys.to(chart.getByRole("button", { name: "Zoom in" }));
    for (let turn = 0; turn < 3; turn++) await keys.press("Enter");
    await chart.getByText(/stored points$/).waitFor();
    await keys.to(chart.getByRole("button", { name: "All" }));
    await keys.press("Enter");
    await chart.getByText("6,000 points: mean").waitFor();
    const images = page.getByRole("region", { name: "Images" });
    await keys.to(images.getByRole("slider"));
    await keys.press("ArrowLeft");
    await images.getByRole("img", { name: "mask_a at step 5", exact: true }).waitFor();
    const files = page.getByRole("navigation", { name: "Files of this run" });
    await keys.to(files.getByRole("button", { name: /tables/ }));
    await keys.press("Enter");
    await files.getByRole("button", { name: /scores\.csv/ }).waitFor();
    await keys.to(files.getByRole("button", { name: /scores\.csv/ }));
    await keys.press("Enter");
    await page.getByRole("group", { name: "tables/scores.csv" }).waitFor();
    await keys.to(page.getByRole("link", { name: "Download" }));
    const [download] = await Promise.all([page.waitForEvent("download"), keys.press("Enter")]);
    expect(download.suggestedFilename()).toBe("scores.csv");
  });
  expect(faults).toEqual([]);
});

test("a run is renamed, tagged and left for one of its nested runs, which are sorted", async () => {
  const faults = await walk(`/runs/${house!.runs.parent}`, async (page, keys) => {
    await keys.to(page.getByRole("button", { name: "Rename" }));
    await keys.press("Enter", "Control+A");
    await keys.type("the search");
    await keys.press("Enter");
    await heading(page, "the search");
    await keys.to(page.getByRole("button", { name: "Add a tag" }));
    await keys.press("Enter");
    await keys.type("seen");
    await keys.press("Tab");
    await keys.type("yes");
    await keys.press("Enter");
    await page.getByRole("region", { name: "Tags" }).getByText("seen").waitFor();
    await keys.to(page.getByRole("button", { name: "Remove the tag seen" }));
    await keys.press("Enter", "Tab", "Enter");
    await page.getByRole("region", { name: "Tags" }).getByText("seen").waitFor({ state: "detached" });
    const nested = page.getByRole("region", { name: "Nested runs" });
    await keys.to(nested.getByRole("button", { name: "RMSE" }), { back: true });
    await keys.press("Enter");
    await keys.to(nested.getByRole("link", { name: /^trial-/ }));
    await keys.press("Enter");
    await heading(page, /^trial-/);
  });
  expect(faults).toEqual([]);
});

test("a model is found, its versions compared, its alias set, rolled back; a version is looked at and tagged, a file of it downloaded", async () => {
  const faults = await walk("/models", async (page, keys) => {
    await keys.to(page.getByRole("searchbox", { name: "Search models" }));
    await keys.type("team:rides");
    await keys.to(page.getByRole("group", { name: "Registered models" }).getByRole("link", { name: "trips", exact: true }));
    await keys.press("Enter");
    await heading(page, "trips");
    await keys.to(page.getByRole("button", { name: "Set an alias" }));
    await keys.press("Enter");
    await page.getByRole("dialog").waitFor();
    await keys.press("Control+A");
    await keys.type("challenger");
    await keys.to(page.getByRole("dialog").getByLabel("Why"));
    await keys.type("to be tried");
    await keys.press("Enter");
    await page.getByRole("row", { name: /^challenger/ }).waitFor();
    await keys.to(page.getByRole("button", { name: "Compare" }));
    await keys.press("Enter");
    await page.waitForURL("**/models/trips/1/compare/trips/2**");
    await keys.to(page.getByRole("link", { name: "trips v2" }));
    await keys.press("Enter");
    await page.waitForURL("**/models/trips/2");
    await keys.to(page.getByRole("button", { name: "Add a tag" }));
    await keys.press("Enter");
    await keys.type("checked");
    await keys.press("Tab");
    await keys.type("yes");
    await keys.press("Enter");
    await page.getByRole("region", { name: "Tags" }).getByText("checked").waitFor();
    await keys.to(page.getByRole("link", { name: "requirements.txt" }), { back: true });
    const [download] = await Promise.all([page.waitForEvent("download"), keys.press("Enter")]);
    expect(download.suggestedFilename()).toBe("requirements.txt");
  });
  expect(faults).toEqual([]);
});

test("a trace is found by its words, its spans walked, and judged", async () => {
  const faults = await walk("/traces", async (page, keys) => {
    await keys.to(page.getByLabel("Filter traces"));
    await keys.type("trace.text ILIKE '%race 17?%'");
    await keys.press("Enter");
    await page.getByText("1 trace", { exact: true }).waitFor();
    await keys.to(page.getByRole("link", { name: "answer_question" }));
    await keys.press("Enter");
    await heading(page, "answer_question");
    await keys.to(page.getByRole("treeitem").first());
    await keys.press("ArrowDown", "ArrowDown");
    await page.getByRole("heading", { level: 2, name: "ask_model" }).waitFor();
    await keys.to(page.getByRole("button", { name: "Assess the span ask_model" }));
    await keys.press("Enter", "Tab");
    await keys.type("is_deep");
    await keys.press("Tab", "Tab");
    await keys.type("yes");
    await keys.press("Tab", "Tab");
    await keys.type("ada");
    await keys.press("Enter");
    await page.getByRole("row", { name: /^is_deep true feedback ada \(human\) ask_model/ }).waitFor();
  });
  expect(faults).toEqual([]);
});
