import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { client } from "../../src/http/client.ts";
import type { OptimizationRoutes } from "../../src/optimization/routes.ts";
import type { RegistryRoutes } from "../../src/registry/routes.ts";
import type { ServingRoutes } from "../../src/serving/routes.ts";
import { navigation } from "../../src/web/pages.ts";
import { emptyHouse, exampleProject, livedInHouse, walkOnce, type RunningHouse } from "./lived-in-house.ts";
import { openBrowser } from "./open-browser.ts";
import { openPage, type Screen } from "./open-page.ts";
import { settled, tooWide, violations } from "./page-faults.ts";

const model = "bike-demand";

/** Text as it is typed: no spaces that do not break, no long minus. */
const plain = (text: string | null): string => (text ?? "").replaceAll("\u00a0", " ").replaceAll("−", "-");

let browser: Browser | undefined;
let house: RunningHouse | undefined;
let empty: RunningHouse | undefined;

beforeAll(async () => {
  [browser, house, empty] = await Promise.all([openBrowser(), livedInHouse(60), emptyHouse()]);
});

afterAll(async () => {
  // Those that were opened: when one could not, its error is the one to show.
  await Promise.all([browser?.close(), house?.close(), empty?.close()]);
});

const open = (path: string, { at = house!, ...screen }: Screen & { at?: RunningHouse } = {}) => openPage(browser!, at.url + path, screen);

/** The pages of single things, found as a user would: by the first link of their list. */
const details = ["/data", "/runs", "/evaluations", "/pipelines"] as const;

async function pathOfFirst(list: string): Promise<string> {
  const { page } = await open(list);
  const path = await page.locator("main table tbody th a").first().getAttribute("href");
  await page.close();
  return path!;
}

async function championPath(): Promise<string> {
  const { models } = await client<RegistryRoutes>(house!.url, "registry")("GET /models");
  return `/models/${model}/${models[0].aliases["champion"]}`;
}

/** What is wrong with a page, as sentences. */
async function faultsOf(path: string, options: { phone?: boolean; dark?: boolean }): Promise<string[]> {
  const { page, complaints } = await open(path, options);
  const faults = [
    ...(await violations(page)),
    ...complaints,
    ...(await tooWide(page)),
    ...((await page.title()).endsWith(" · Millrace") ? [] : [`its title is ${await page.title()}`]),
  ];
  await page.close();
  return faults.map((fault) => `${path}: ${fault}`);
}

describe.each([
  ["on a desk", {}],
  ["on a phone", { phone: true }],
  ["in the dark", { dark: true }],
])("%s", (_, options) => {
  test.each(navigation.map((entry) => entry.path))("%s is accessible, quiet, and fits", async (path) => {
    expect(await faultsOf(path, options)).toEqual([]);
  });
  test.each(details)("one thing of %s is accessible, quiet, and fits", async (list) => {
    expect(await faultsOf(await pathOfFirst(list), options)).toEqual([]);
  });
  test("a model and a version are accessible, quiet, and fit", async () => {
    expect(await faultsOf(`/models/${model}`, options)).toEqual([]);
    expect(await faultsOf(await championPath(), options)).toEqual([]);
  });
});

test.each(navigation.map((entry) => entry.path))("%s of an empty house says what to do", async (path) => {
  const { page, complaints } = await open(path, { at: empty! });
  expect(await page.locator("main .notice code").allTextContents()).toContainEqual(expect.stringContaining("millrace"));
  expect(await violations(page)).toEqual([]);
  expect(complaints).toEqual([]);
  await page.close();
});

test("the keyboard alone walks from page to page, past the navigation if wanted", async () => {
  const { page } = await open("/");
  await page.keyboard.press("Tab");
  expect(await page.evaluate("document.activeElement.textContent")).toBe("Skip to the content");
  await page.keyboard.press("Enter");
  expect(await page.evaluate("document.activeElement.id")).toBe("main");
  for (const { path, name } of navigation.slice(1)) {
    await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name, exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(`**${path}`);
    await settled(page);
    expect(await page.locator("nav [aria-current=page]").textContent()).toBe(name);
    expect(await page.evaluate("document.activeElement.id")).toBe("main");
  }
  await page.close();
});

test("the loop shows the run: eight stages, the decisions with their reasons, live error", async () => {
  const { page } = await open("/");
  expect(await page.locator(".stage").count()).toBe(8);
  expect(await page.locator(".at-serving").textContent()).toMatch(/v\d+ \d+\s%.*requests/);
  expect(await page.locator(".decisions li").first().textContent()).toMatch(/^2011-\d\d-\d\d.*version \d+/);
  await page.getByRole("button", { name: "Show as table" }).click();
  expect(await page.getByRole("group", { name: /^Live RMSE per/ }).locator("tbody tr").count()).toBeGreaterThan(5);
  await page.close();
});

test("every retraining tells why it began, how its candidates did beside the champion, and what came of it", async () => {
  const optimization = client<OptimizationRoutes>(house!.url, "optimization");
  const { retrainings } = await optimization("GET /loops/:endpoint/retrainings", { params: { endpoint: model } });
  const { sums } = await optimization("GET /loops/:endpoint", { params: { endpoint: model } });
  const { page } = await open("/optimization", { phone: true });
  expect(plain(await page.getByRole("region", { name: "What the loop brought and cost" }).textContent())).toMatch(new RegExp(`^Retrainings${retrainings.length}.*Promotions${sums.promotions}.*Models trained${sums.fits}to compare.*Budget.*saved up.*Next comparison`));
  const panel = page.getByRole("region", { name: "Retrainings", exact: true });
  const opened = panel.locator("details[open]");
  expect(await opened.count()).toBe(1);
  // The newest is open; that one is shut, and the newest that has compared candidates opened by the keyboard.
  await opened.locator("> summary").press("Enter");
  expect(await opened.count()).toBe(0);
  const at = retrainings.findLastIndex(({ comparison }) => (comparison?.candidates.length ?? 0) > 0);
  const { comparison, alarm } = retrainings[at];
  await panel.locator("details > summary").nth(retrainings.length - 1 - at).press("Enter");
  await opened.getByText(`${alarm.reason}.`).waitFor();
  const rows = opened.getByRole("group", { name: /^Candidates of 2011-/ }).locator("tbody tr");
  expect(await rows.locator("th").allTextContents()).toEqual(comparison!.candidates.slice(0, 8).map(({ name }) => expect.stringContaining(name)));
  expect(plain(await rows.first().textContent())).toMatch(/best.*(trained on [\d,]+ rows|as it is).*-?[\d.]+ % -?[\d.]+ % to -?[\d.]+ %$/);
  expect(await rows.first().getByRole("img").getAttribute("aria-label")).toMatch(/^difference .*, interval .* to /);
  expect(plain(await opened.textContent())).toMatch(/Better, by the comparisonwith a probability of [\d.]+ %.*Models trained\d+.*What came of it2011-/);
  expect([...(await violations(page)), ...(await tooWide(page))]).toEqual([]);
  await page.close();
});

test("arrow keys walk the drift map and change the distribution below", async () => {
  const { page } = await open("/monitoring");
  await page.getByLabel("temp", { exact: true }).focus();
  const before = await page.getByRole("heading", { name: /^temp in the window of/ }).textContent();
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => page.getByRole("heading", { name: /^temp in the window of/ }).textContent()).not.toBe(before);
  await page.close();
});

test("a pipeline's steps are buttons that show what went in and came out", async () => {
  const { page } = await open(await pathOfFirst("/pipelines"));
  await page.getByRole("button", { name: /^train\b/ }).click();
  expect(await page.getByRole("heading", { name: "Step train" }).count()).toBe(1);
  expect(await page.getByRole("group", { name: "Output of train" }).textContent()).toContain('"losses"');
  await page.close();
});

test("what does not exist is said, with the way back", async () => {
  const { page } = await open("/pipelines/nothing-of-this-name");
  expect(await page.getByRole("alert").textContent()).toContain('There is no pipeline run "nothing-of-this-name"');
  await page.goto(`${house!.url}/no/such/page`);
  expect(await page.locator("main").textContent()).toContain("There is no page at this address");
  await page.close();
});

test("columns sort both ways", async () => {
  const { page } = await open("/runs");
  const firstRow = async (): Promise<string | null> => page.locator("main tbody tr").first().textContent();
  await page.getByRole("button", { name: "RMSE" }).click();
  await page.locator("th[aria-sort=descending]").waitFor();
  const highest = await firstRow();
  await page.getByRole("button", { name: "RMSE" }).click();
  await page.locator("th[aria-sort=ascending]").waitFor();
  await expect.poll(firstRow).not.toBe(highest);
  await page.close();
});

test("a version is deployed from the page, with its reason in the history; one that is not there is refused in the dialog", async () => {
  const { page, complaints } = await open("/deployments");
  await page.getByRole("button", { name: "Deploy a version" }).click();
  await page.getByRole("textbox", { name: "Version" }).fill("999");
  await page.getByLabel("Why").fill("tried from the page");
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await page.getByRole("alert").filter({ hasText: "version=999" }).waitFor();
  await page.getByRole("textbox", { name: "Version" }).fill("1");
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await page.getByText("tried from the page").first().waitFor();
  expect(complaints.filter((text) => !text.includes("404"))).toEqual([]); // which Chromium says of the version that is not there
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Roll back" }).waitFor();
  await page.close();
});

test("batching, the log's share and pinning are set on the page, which shows what is in force; wrong ones are refused in the dialog", async () => {
  const { page } = await open("/deployments");
  await page.getByText("up to 256 rows together").waitFor();
  await page.getByRole("button", { name: "Change settings" }).click();
  await page.getByRole("textbox", { name: "Rows run together at most" }).fill("0");
  await page.getByRole("textbox", { name: "Share of the requests" }).fill("10");
  await page.getByLabel("Pinned in memory").selectOption("yes");
  await page.getByRole("textbox", { name: "Why" }).fill("settings from the page");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await page.getByRole("alert").filter({ hasText: "batching.maxRows: it must be a whole number from 1" }).waitFor();
  await page.getByRole("textbox", { name: "Rows run together at most" }).fill("64");
  await page.getByRole("button", { name: "Set", exact: true }).click();
  await page.getByText("up to 64 rows together").waitFor();
  await page.getByText(/^10.% of the answered requests/).waitFor();
  await page.getByText("Pinned: stays whatever the memory limit").waitFor();
  await page.getByRole("cell", { name: "settings from the page" }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.close();
});

test("with more than one model the header switches between them, and links stay with the one chosen", async () => {
  const project = { ...(await exampleProject()), model: "other-demand" };
  await walkOnce(house!, project);
  const { page } = await open("/");
  await page.getByLabel("Model").selectOption("other-demand");
  await page.getByRole("heading", { level: 1, name: "other-demand" }).waitFor();
  await page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: "Deployments" }).click();
  await page.getByRole("heading", { level: 2, name: "other-demand" }).waitFor();
  expect(new URL(page.url()).searchParams.get("model")).toBe("other-demand");
  await page.close();
});

test("a loop that has retrained nothing says when it will, and how to see one that has", async () => {
  const other = "other-demand";
  if (!(await isDeployed(other))) await walkOnce(house!, { ...(await exampleProject()), model: other });
  const { page, complaints } = await open(`/optimization?model=${other}`, { phone: true, dark: true });
  const notice = page.locator(".notice").filter({ hasText: "No retraining yet" });
  expect(await notice.textContent()).toMatch(/One begins on performance or data .*millrace replay FILE\.yaml/);
  expect([...(await violations(page)), ...(await tooWide(page)), ...complaints]).toEqual([]);
  await page.close();
});

test("a deployment is removed on the page, with its reason: nobody answers, its history and its monitor say so, others go on; and it is deployed again", async () => {
  const other = "other-demand";
  if (!(await isDeployed(other))) await walkOnce(house!, { ...(await exampleProject()), model: other });
  const { page, complaints } = await open(`/deployments?model=${other}`, { phone: true, dark: true });
  await page.getByRole("button", { name: "Remove" }).click();
  const dialog = page.getByRole("dialog", { name: `Remove the deployment of ${other}` });
  await dialog.getByRole("button", { name: "Remove", exact: true }).click();
  expect([await dialog.count(), await isDeployed(other)]).toEqual([1, true]); // not without a reason
  expect([...(await violations(page)), ...(await tooWide(page))]).toEqual([]);
  await dialog.getByLabel("Why").fill("replaced, says the page");
  await dialog.getByRole("button", { name: "Remove", exact: true }).click();
  await page.getByRole("heading", { name: `Nobody answers for ${other}` }).waitFor();
  await page.getByRole("row", { name: /removed .* replaced, says the page/ }).waitFor();
  expect([await isDeployed(other), await isDeployed(model)]).toEqual([false, true]);
  expect([...(await violations(page)), ...(await tooWide(page))]).toEqual([]);
  await page.goto(`${house!.url}/monitoring?model=${other}`);
  await page.getByText(/is deployed no more: removed on .* \(replaced, says the page\)/).waitFor();
  expect([...(await violations(page)), ...(await tooWide(page))]).toEqual([]);

  await page.goto(`${house!.url}/deployments?model=${other}`);
  await page.getByRole("button", { name: "Deploy a version" }).click();
  await page.getByRole("textbox", { name: "Version" }).fill("1");
  await page.getByLabel("Why").fill("back");
  await page.getByRole("button", { name: "Deploy", exact: true }).click();
  await page.getByRole("button", { name: "Remove" }).waitFor();
  expect([await isDeployed(other), complaints]).toEqual([true, []]);
  await page.close();
});

test("the live error shows the decisions, and the level of the loss by the alarms", async () => {
  const { page } = await open("/monitoring");
  const panel = page.getByRole("region", { name: "Live error" });
  await panel.getByText("level by the alarms").waitFor();
  for (const name of ["alarm, retraining", "promoted"]) expect(await panel.getByText(name, { exact: true }).count()).toBe(1);
  await panel.getByRole("button", { name: "Show as table" }).click();
  const table = panel.getByRole("group", { name: /^Live MAE per/ });
  expect(await table.locator("thead th").allTextContents()).toEqual(["week of", "live MAE", "level by the alarms"]);
  expect((await table.locator("tbody tr").first().locator("td").last().textContent()) ?? "").toMatch(/^\d/);
  await panel.getByLabel("Metric").selectOption("rmse");
  await expect.poll(() => panel.getByText("level by the alarms").count()).toBe(0);
  await page.close();
});

test("requests, errors and latency over time are counted on when server and gateway start again", async () => {
  const asked = await fetch(`${house!.url}/api/monitoring/endpoints/${model}/traffic?days=365`);
  const { spans } = (await asked.json()) as { spans: { requests: number }[] };
  const requests = spans.reduce((sum, span) => sum + span.requests, 0);
  expect(requests).toBeGreaterThan(800);
  const told = new RegExp(`^${requests.toLocaleString("en-US")} requests, 0 errors \\(0 %\\) from 2011-`);
  const look = async (): Promise<string[]> => {
    const { page, complaints } = await open("/deployments");
    const panel = page.getByRole("region", { name: "Traffic over time" });
    await panel.getByLabel("Last").selectOption("365");
    await expect.poll(async () => plain(await panel.getByText(/^[\d,]+ requests, \d+ errors/).first().textContent()), { timeout: 15_000 }).toMatch(told);
    const faults = [...(await violations(page)), ...(await tooWide(page)), ...complaints];
    await page.close();
    return faults;
  };
  expect(await look()).toEqual([]);
  await house!.stop();
  await house!.start();
  expect(await look()).toEqual([]);
});

/** Whether the gateway answers for a model. */
async function isDeployed(name: string): Promise<boolean> {
  const gateway = await client<ServingRoutes>(house!.url, "serving")("GET /gateway");
  return (await fetch(`${gateway.url}/v2/models/${name}`)).ok;
}
