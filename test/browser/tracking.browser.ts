import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser } from "./open-browser.ts";
import { openPage, type Screen } from "./open-page.ts";
import { settled, tooWide, violations } from "./page-faults.ts";
import { files, trackedHouse, type TrackedHouse } from "./tracked-house.ts";

let browser: Browser | undefined;
let house: TrackedHouse | undefined;

beforeAll(async () => {
  [browser, house] = await Promise.all([openBrowser(), trackedHouse()]);
});

afterAll(async () => {
  await Promise.all([browser?.close(), house?.close()]);
});

const open = (path: string, screen: Screen = {}) => openPage(browser!, house!.url + path, screen);

const names = (page: Page): Promise<string[]> => page.locator(".runs-table tbody th a").allTextContents();

describe.each([
  ["on a desk", {}],
  ["on a phone", { phone: true }],
  ["in the dark", { dark: true }],
])("%s", (_, options) => {
  test.each([
    ["the table of runs", () => `/experiments/${house!.experiments.forest}`],
    ["a run with a history and files", () => `/runs/${house!.runs.net}?smooth=0.8&x=relative`],
    ["a run that diverged", () => `/runs/${house!.runs.odd}?log=yes`],
    ["a run with nested ones", () => `/runs/${house!.runs.parent}`],
    ["a page of Markdown of a run", () => `/runs/${house!.runs.net}?artifact=README.md`],
    ["a table of a run", () => `/runs/${house!.runs.net}?artifact=tables/scores.csv`],
    ["a comparison", () => `/compare/${house!.trials.slice(0, 12).join(",")}`],
    ["a comparison of histories", () => `/compare/${house!.runs.net},${house!.runs.running}`],
  ])("%s is accessible, quiet, and fits", async (_, path) => {
    const { page, complaints } = await open(path(), options);
    expect([...(await violations(page)), ...complaints, ...(await tooWide(page))]).toEqual([]);
    await page.close();
  });
});

describe("the table of runs", () => {
  test("nested runs unfold below their parent and fold again, by keyboard", async () => {
    const { page } = await open(`/experiments/${house!.experiments.forest}`);
    expect(await page.getByText("11 runs at the top").count()).toBe(1);
    await page.getByRole("button", { name: "30 nested runs of search" }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "trial-29" }).waitFor();
    expect(await page.locator(".runs-table").getAttribute("aria-rowcount")).toBe("42");
    await page.keyboard.press("Enter");
    await expect.poll(() => page.getByRole("link", { name: "trial-29" }).count()).toBe(0);
    await page.close();
  });

  test("a filter finds nested runs too, a wrong one says why beside the box, and both are in the address", async () => {
    const { page } = await open(`/experiments/${house!.experiments.forest}`);
    await page.getByLabel("Filter runs").fill("metrics.rmse <");
    await page.keyboard.press("Enter");
    expect(await page.getByRole("alert").textContent()).toContain("Invalid clause(s) in filter string: 'metrics.rmse <'");
    await page.getByLabel("Filter runs").fill("status = 'FAILED' OR params.depth = '6' AND metrics.rmse < 42");
    await page.keyboard.press("Enter");
    await expect.poll(() => names(page)).toEqual(["trial-21", "trial-15", "trial-7"]);
    expect(new URL(page.url()).searchParams.get("filter")).toContain("OR params.depth");
    await page.reload();
    await settled(page);
    await expect.poll(() => page.getByLabel("Filter runs").inputValue()).toContain("FAILED");
    await page.close();
  });

  test("columns are searched, taken away and remembered", async () => {
    const { page } = await open(`/experiments/${house!.experiments.forest}`);
    await page.getByRole("button", { name: "Columns" }).click();
    await page.getByLabel("Search columns").fill("r2");
    await page.getByRole("button", { name: "None", exact: true }).click();
    await expect.poll(() => page.getByRole("columnheader", { name: "R²" }).count()).toBe(0);
    await page.getByLabel("Search columns").fill("seed");
    await page.getByRole("checkbox", { name: "seed" }).check();
    await page.getByRole("columnheader", { name: "seed" }).waitFor();
    expect(await violations(page)).toEqual([]);
    await page.keyboard.press("Escape");
    await page.goto(`${house!.url}/experiments/${house!.experiments.forest}`);
    await settled(page);
    await page.getByRole("columnheader", { name: "seed" }).waitFor();
    expect(await page.getByRole("columnheader", { name: "R²" }).count()).toBe(0);
    await page.close();
  });

  test("chosen runs are deleted, which can be undone, and compared", async () => {
    const { page } = await open(`/experiments/${house!.experiments.forest}?nest=no`);
    await page.getByRole("checkbox", { name: "Choose trial-39" }).check();
    await page.getByRole("checkbox", { name: "Choose trial-38" }).check();
    await page.getByRole("button", { name: "Delete" }).click();
    await page.getByText("2 runs deleted.").waitFor();
    await page.getByText("39 runs", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Undo" }).click();
    await page.getByText("41 runs", { exact: true }).waitFor();
    await page.getByRole("checkbox", { name: "Choose trial-39" }).check();
    await page.getByRole("checkbox", { name: "Choose trial-36" }).check();
    await page.getByRole("link", { name: "Compare" }).click();
    await page.getByRole("heading", { level: 1, name: "Comparison of runs" }).waitFor();
    expect(await page.locator(".compare thead").first().textContent()).toContain("trial-36");
    await page.close();
  });

  test("CSV has what the filter finds", async () => {
    const { page } = await open(`/experiments/${house!.experiments.forest}?filter=${encodeURIComponent("status = 'FAILED'")}`);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download CSV" }).click()]);
    const text = Buffer.concat(await (await download.createReadStream()).toArray()).toString();
    expect(text.trim().split("\r\n").map((line) => line.split(",")[1])).toEqual(["name", "trial-7"]);
    await page.close();
  });
});

describe("a run", () => {
  test("charts grow while it trains, and its end is told", async () => {
    const { page } = await open(`/runs/${house!.runs.running}`);
    await page.getByText("live", { exact: true }).waitFor();
    await page.getByText("3 stored points").waitFor();
    for (let step = 3; step < 6; step += 1) await house!.post("runs/log-metric", { run_id: house!.runs.running, key: "loss", value: 1 / (1 + step), timestamp: 1, step });
    await page.getByText("6 stored points").waitFor({ timeout: 3000 });
    await house!.post("runs/update", { run_id: house!.runs.running, status: "FINISHED", end_time: Date.now() });
    await page.getByText("finished", { exact: true }).waitFor({ timeout: 3000 });
    await expect.poll(() => page.getByText("live", { exact: true }).count()).toBe(0);
    await page.close();
  });

  test("zooming in ends with every stored point, by mouse and by keyboard", async () => {
    const { page } = await open(`/runs/${house!.runs.net}`);
    const chart = page.getByRole("region", { name: "loss", exact: true });
    await chart.getByText("6,000 points: mean, and the band of least and greatest").waitFor();
    const box = (await chart.locator(".u-over").boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.7, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.75, box.y + 50, { steps: 4 });
    await page.mouse.up();
    await chart.getByText(/^\d{3} stored points$/).waitFor();
    await chart.getByRole("button", { name: "Zoom in" }).focus();
    await page.keyboard.press("Enter");
    await chart.getByText(/^1\d\d stored points$/).waitFor();
    await chart.getByRole("button", { name: "All" }).click();
    await chart.getByText("6,000 points: mean").waitFor();
    expect(await chart.getByRole("button", { name: "All" }).isDisabled()).toBe(true);
    await page.close();
  });

  test("the least and the greatest are told with their step", async () => {
    const { page } = await open(`/runs/${house!.runs.net}`);
    expect(await page.getByRole("row", { name: /^loss/ }).textContent()).toMatch(/5\.\d+ at 4,3216,000$/);
    await page.close();
  });

  test("it is renamed, described in Markdown and tagged on its page, by the keyboard alone", async () => {
    const { page, complaints } = await open(`/runs/${house!.runs.odd}`);
    const ask = async (name: string, keys: () => Promise<void>): Promise<void> => {
      await page.getByRole("button", { name, exact: true }).focus();
      await page.keyboard.press("Enter");
      await page.getByRole("dialog").waitFor();
      expect(await violations(page)).toEqual([]);
      await keys();
      await page.getByRole("dialog").waitFor({ state: "detached" });
    };
    await ask("Rename", async () => {
      await page.keyboard.press("Control+A");
      await page.keyboard.type("diverged_at_once");
      await page.keyboard.press("Enter");
    });
    await page.getByRole("heading", { level: 1, name: "diverged_at_once" }).waitFor();
    await ask("Describe", async () => {
      await page.keyboard.type("## Why\n\nThe *rate* was `10`, see <script>document.title='taken over'</script>");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
    });
    const described = page.getByRole("region", { name: "Description" });
    await described.getByRole("heading", { name: "Why" }).waitFor();
    expect(await described.locator("em").textContent()).toBe("rate");
    expect(await described.textContent()).toContain("<script>");
    await ask("Add a tag", async () => {
      await page.keyboard.type("looked_at");
      await page.keyboard.press("Tab");
      await page.keyboard.type("yes");
      await page.keyboard.press("Enter");
    });
    const tags = page.getByRole("region", { name: "Tags" });
    await tags.getByText("looked_at").waitFor();
    await ask("Remove the tag looked_at", () => page.keyboard.press("Tab").then(() => page.keyboard.press("Enter")));
    await tags.getByText("None.").waitFor();
    expect([...(await violations(page)), ...complaints, await page.title()]).toEqual(["diverged_at_once · Millrace"]);
    await page.close();
  });

  test("its nested runs tell who won, by any metric and either way, and sort by what they measured", async () => {
    const { page } = await open(`/runs/${house!.runs.parent}`);
    const nested = page.getByRole("region", { name: "Nested runs" });
    await nested.getByText("trial-21 has the least RMSE, 40, of 28 runs.").waitFor();
    await nested.getByLabel("Best by").selectOption("r2");
    await nested.getByText(/and 4 others have the greatest R², 0.95, of 28 runs\.$/).waitFor();
    await nested.getByLabel("Better is").selectOption("least");
    await nested.getByText(/the least R², 0.89/).waitFor();
    const first = (): Promise<string | null> => nested.locator("tbody tr").first().textContent();
    await nested.getByRole("button", { name: "RMSE" }).click();
    await expect.poll(first).toMatch(/^trial-(6|12|18|0).*5/);
    await nested.getByRole("button", { name: "depth" }).click();
    await expect.poll(first).toMatch(/3/);
    expect(await violations(page)).toEqual([]);
    await page.close();
  });

  test("pictures that were logged by step are walked through with the arrow keys", async () => {
    const { page } = await open(`/runs/${house!.runs.net}`);
    const images = page.getByRole("region", { name: "Images" });
    await images.getByRole("img", { name: "mask_a at step 50" }).waitFor();
    await images.getByRole("slider").focus();
    await page.keyboard.press("ArrowLeft");
    const shown = images.getByRole("img", { name: "mask_a at step 5" });
    await shown.waitFor();
    await expect.poll(() => shown.evaluate((image) => (image as HTMLImageElement).naturalWidth)).toBe(24);
    await page.close();
  });

  test("NaN and infinities are told beside the chart", async () => {
    const { page } = await open(`/runs/${house!.runs.odd}`);
    expect(await page.locator(".odd").textContent()).toBe("2 values are NaN, first at step 2 · 1 value is ∞, first at step 3");
    await page.close();
  });
});

test("the start of a home that only tracks shows what was logged and what comes next", async () => {
  const { page, complaints } = await open("/");
  await page.getByRole("heading", { name: "What comes next" }).waitFor();
  expect(await page.getByRole("group", { name: "Latest experiments" }).locator("tbody th").allTextContents()).toEqual(["bike demand, net", "bike demand, forest", "odd ones"]);
  expect(await page.getByRole("group", { name: "Registering a model" }).textContent()).toContain("mlflow.register_model");
  expect([...(await violations(page)), ...complaints, ...(await tooWide(page))]).toEqual([]);
  await page.close();
});

test("the link that MLflow's client prints after a run leads to the run", async () => {
  const { page } = await open(`/#/experiments/${house!.experiments.net}/runs/${house!.runs.net}`);
  expect(await page.locator("h1").textContent()).toBe("net-wide");
  expect(new URL(page.url()).pathname).toBe(`/runs/${house!.runs.net}`);
  await page.close();
});

describe("files of a run", () => {
  const at = (path: string): string => `/runs/${house!.runs.net}?artifact=${encodeURIComponent(path)}`;

  test.each([
    ["tables/scores.csv", (page: Page) => page.getByRole("group", { name: "tables/scores.csv" }).getByText('a, "b"').first()],
    ["config/params.json", (page: Page) => page.getByText('"depth": 3')],
    ["code/train.py", (page: Page) => page.getByText("with mlflow.start_run():")],
    ["README.md", (page: Page) => page.getByRole("heading", { name: "What this is" })],
    ["tables/answers.json", (page: Page) => page.getByRole("row", { name: "<b>How wide?</b> false" })],
    ["plots/dot.png", (page: Page) => page.locator("img.picture")],
    ["plots/drawing.svg", (page: Page) => page.locator("img.picture")],
    ["model.bin", (page: Page) => page.getByText("This is not text")],
    ["report.html", (page: Page) => page.frameLocator("iframe").getByRole("heading", { name: "Report" })],
    ["analysis.ipynb", (page: Page) => page.frameLocator("iframe").getByText("ZeroDivisionError: division by zero")],
  ] as const)("%s is shown, and downloads", async (path, shown) => {
    const { page } = await open(at(path));
    await shown(page).waitFor();
    if (path.startsWith("plots/")) await expect.poll(() => page.evaluate("document.querySelector('img.picture').naturalWidth")).toBe(path.endsWith(".svg") ? 120 : 24);
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download" }).click()]);
    expect(Buffer.concat(await (await download.createReadStream()).toArray())).toEqual(Buffer.from(files[path]));
    await page.close();
  });

  // In the frame of our page, and opened by its address as a page of its own, where a link may lead.
  test.each(["report.html", "analysis.ipynb", "plots/drawing.svg"])("%s runs no script and reaches nothing of ours", async (path) => {
    const { page } = await open(at(path));
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await page.evaluate("localStorage.setItem('secret', '1')");
    await page.reload();
    await settled(page);
    const addresses = [`/api/tracking/runs/${house!.runs.net}/artifacts/${path}`, ...(path.endsWith(".svg") ? [] : [`/api/tracking/runs/${house!.runs.net}/document?path=${encodeURIComponent(path)}`])];
    if (path === "report.html") {
      expect(await page.frameLocator("iframe").locator("#said").textContent()).toBe("before");
      await page.frameLocator("iframe").getByRole("button", { name: "go" }).click();
    } else if (path === "analysis.ipynb") expect(await page.frameLocator("iframe").getByText("42", { exact: true }).count()).toBe(1);
    else await page.locator("img.picture").waitFor();
    const frame = page.frames()[1];
    if (frame) expect(await frame.evaluate("self.origin")).toBe("null");
    expect(await page.title()).toBe("net-wide · Millrace");
    expect(asked).not.toContain("/stolen");
    for (const address of addresses) {
      if (path.endsWith(".ipynb") && address.includes("/artifacts/")) continue;
      await page.goto(house!.url + address);
      expect(await page.evaluate("self.origin")).toBe("null");
      expect(await page.title()).not.toBe("taken over");
      expect(await page.evaluate("document.getElementById('said')?.textContent ?? 'before'")).toBe("before");
      await expect(page.evaluate("fetch('/api/tracking/runs').then((answer) => answer.text())")).rejects.toThrow(/Failed to fetch/);
    }
    expect(asked).not.toContain("/stolen");
    await page.close();
  });
});

describe("a comparison", () => {
  test("only what differs is left by a switch; a row of the table lights its line", async () => {
    const { page } = await open(`/compare/${house!.trials.slice(0, 6).join(",")}`);
    expect(await page.getByRole("rowheader", { name: "seed" }).count()).toBe(1);
    await page.getByLabel("Differences only").check();
    await expect.poll(() => page.getByRole("rowheader", { name: "seed" }).count()).toBe(0);
    await page.getByRole("button", { name: "trial-2" }).focus();
    expect(await page.locator(".parallel path.lit title").textContent()).toBe("trial-2");
    await page.getByLabel("Up").selectOption("metric rmse");
    expect(await page.locator(".plot circle").count()).toBe(6);
    await page.close();
  });

  test("runs that do not exist are said; one alone is nothing to compare", async () => {
    const { page } = await open(`/compare/${house!.trials[0]},${house!.trials[1]},none`);
    expect(await page.getByText("1 run of the address does not exist.").count()).toBe(1);
    await page.goto(`${house!.url}/compare/none`);
    await settled(page);
    expect(await page.locator(".notice").textContent()).toContain("Nothing to compare");
    await page.close();
  });
});
