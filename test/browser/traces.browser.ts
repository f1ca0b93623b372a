import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openBrowser } from "./open-browser.ts";
import { openPage, type Screen } from "./open-page.ts";
import { tooWide, violations } from "./page-faults.ts";
import { traceChats } from "./traced-house.ts";
import { trackedHouse, type TrackedHouse } from "./tracked-house.ts";

let browser: Browser | undefined;
let house: TrackedHouse | undefined;
let experiment = "";

beforeAll(async () => {
  [browser, house] = await Promise.all([openBrowser(), trackedHouse()]);
  experiment = await traceChats(house);
});

afterAll(async () => {
  await Promise.all([browser?.close(), house?.close()]);
});

const traceOf = (number: number): string => `/traces/tr-${number.toString(16).padStart(32, "0")}`;

const open = (path: string, screen: Screen = {}) => openPage(browser!, house!.url + path, screen);

describe.each([
  ["on a desk", {}],
  ["on a phone", { phone: true }],
  ["in the dark", { dark: true }],
])("%s", (_, options) => {
  test.each(["/traces", traceOf(60), traceOf(59), `/traces?experiment=0`])("%s is accessible, quiet, and fits", async (path) => {
    const { page, complaints } = await open(path, options);
    await page.getByRole("tree").or(page.getByRole("table")).or(page.getByText("No traces yet")).first().waitFor();
    expect([...(await violations(page)), ...complaints, ...(await tooWide(page))]).toEqual([]);
    await page.close();
  });
});

const names = (page: Page): Promise<string[]> => page.getByRole("group", { name: "Traces" }).locator("tbody tr").allTextContents();

test("the list begins with the experiment of the newest trace and its newest, and turns its pages", async () => {
  const { page } = await open("/traces");
  await page.getByText("60 traces").waitFor();
  expect((await names(page))[0]).toMatch(/answer_question.*error.*How deep is race 59.*is_correct: false/);
  expect(await page.getByRole("combobox", { name: "Experiment" }).inputValue()).toBe("chat_of_the_mill");
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByText("51–60 of 60").waitFor();
  await page.getByLabel("Order").selectOption("longest");
  await expect.poll(async () => (await names(page))[0]).toContain("race 59");
  await page.close();
});

test("a filter finds by words of inputs, by state and by judgement; a wrong one says why; what is found is in the address", async () => {
  const { page } = await open("/traces");
  const box = page.getByLabel("Filter traces");
  const found = async (filter: string, count: string): Promise<void> => {
    await box.fill(filter);
    await page.keyboard.press("Enter");
    await page.getByText(count, { exact: true }).waitFor();
  };
  await found("trace.status = 'ERROR'", "6 traces");
  await found("trace.text ILIKE '%race 17?%'", "1 trace");
  await found("feedback.is_correct = 'true'", "1 trace");
  expect(new URL(page.url()).searchParams.get("filter")).toBe("feedback.is_correct = 'true'");
  await box.fill("nonsense.x = 'y'");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "Invalid entity type 'nonsense'" }).waitFor();
  expect(await violations(page)).toEqual([]);
  await page.close();
});

test("the arrow keys walk the tree, fold and unfold it; each span shows what went in and came out", async () => {
  const { page } = await open(traceOf(59));
  const tree = page.getByRole("tree", { name: "Spans" });
  const rows = tree.getByRole("treeitem");
  expect(await rows.count()).toBe(4);
  expect(await rows.nth(3).getAttribute("aria-level")).toBe("3");
  await rows.first().focus();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.getByRole("heading", { level: 2, name: "ask_model" }).waitFor();
  expect(await page.getByRole("group", { name: "Inputs" }).textContent()).toContain('"content": "How deep is race 58?"');
  expect(await page.getByRole("group", { name: "Outputs" }).textContent()).toContain("58 feet");
  await page.keyboard.press("ArrowLeft");
  await expect.poll(() => rows.count()).toBe(3);
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("End");
  await page.getByRole("heading", { level: 2, name: "tokenize" }).waitFor();
  await page.keyboard.press("ArrowLeft");
  await page.getByRole("heading", { level: 2, name: "ask_model" }).waitFor();
  expect(new URL(page.url()).searchParams.get("span")).toBe("0000000000000003");
  await page.close();
});

test("a span that failed tells its message and its stack; judgements tell who and why, in Markdown", async () => {
  const { page } = await open(`${traceOf(60)}?span=0000000000000002`);
  await page.getByText("the index is away").waitFor();
  expect(await page.getByRole("group", { name: "Stack of exception" }).textContent()).toContain('File "search.py", line 7');
  const judged = page.getByRole("region", { name: "Assessments" });
  expect(await judged.textContent()).toMatch(/is_correctfalsefeedbackada \(human\)the trace/);
  expect(await judged.locator("strong").textContent()).toBe("failed");
  expect(await judged.getByRole("link", { name: "log" }).getAttribute("rel")).toContain("noopener");
  await page.close();
});

test("a trace is tagged and judged on its page by the keyboard alone; what a program said is corrected and kept", async () => {
  const { page, complaints } = await open(traceOf(59));
  const ask = async (name: string, keys: readonly string[]): Promise<void> => {
    await page.getByRole("button", { name, exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    expect(await violations(page)).toEqual([]);
    for (const key of keys) await (key.startsWith("“") ? page.keyboard.type(key.slice(1)) : page.keyboard.press(key));
    await page.getByRole("dialog").waitFor({ state: "detached" });
  };
  const judged = page.getByRole("region", { name: "Assessments" });
  const tags = page.getByRole("region", { name: "Tags" });
  await ask("Add a tag", ["“looked_at", "Tab", "“yes", "Enter"]);
  await tags.getByText("looked_at").waitFor();
  await ask("Change the tag looked_at", ["Control+A", "“twice", "Enter"]);
  await tags.getByText("twice").waitFor();
  await ask("Remove the tag looked_at", ["Tab", "Enter"]);
  await tags.getByText("None.").waitFor();

  // Kind, name, type of the value, value, why, who.
  await ask("Assess the trace", ["Tab", "“helpful", "Tab", "ArrowDown", "Tab", "“4", "Tab", "“Quite *well*", "Tab", "“grace", "Enter"]);
  await judged.getByRole("row", { name: /^helpful 4 feedback grace \(human\) the trace Quite well/ }).waitFor();
  await page.getByRole("button", { name: "Assess the trace" }).focus();
  await page.keyboard.press("Enter");
  expect(await page.getByLabel("Who judges").inputValue()).toBe("grace");
  await page.getByLabel("Name, such as is_correct").fill("fast");
  await page.getByLabel("Value", { exact: true }).fill("perhaps");
  await page.keyboard.press("Enter");
  await page.getByRole("alert").filter({ hasText: "“perhaps” is neither true nor false" }).waitFor();
  await page.getByLabel("Value", { exact: true }).fill("no");
  await page.keyboard.press("Enter");
  await judged.getByRole("row", { name: /^fast false/ }).waitFor();
  await ask("Change the assessment helpful", ["Tab", "Tab", "Control+A", "“5", "Enter"]);
  await judged.getByRole("row", { name: /^helpful 5/ }).waitFor();

  await ask("Correct the assessment is_correct", ["Tab", "“false", "Tab", "“It is 59", "Tab", "Enter"]);
  await judged.getByRole("row", { name: /^is_correct true \(corrected\) feedback judge_1 \(llm judge\)/ }).waitFor();
  await judged.getByRole("row", { name: /^is_correct false feedback grace/ }).waitFor();
  await page.getByRole("tree", { name: "Spans" }).getByRole("treeitem").first().focus();
  await page.keyboard.press("ArrowDown");
  await ask("Assess the span search_index", ["ArrowDown", "Tab", "“documents", "Tab", "End", "Tab", '“["a.md"]', "Tab", "Tab", "Enter"]);
  await judged.getByRole("row", { name: /^documents \["a\.md"\] expectation grace \(human\) search_index/ }).waitFor();
  await ask("Remove the assessment fast", ["Tab", "Enter"]);
  await judged.getByRole("row", { name: /^fast/ }).waitFor({ state: "detached" });
  await page.setViewportSize({ width: 390, height: 844 });
  expect([...(await violations(page)), ...complaints, ...(await tooWide(page))]).toEqual([]);
  await page.close();
});

test("the link that MLflow's client prints after a trace leads to it", async () => {
  const { page } = await open(`/#/experiments/${experiment}/traces?selectedEvaluationId=${traceOf(3).split("/").at(-1)}`);
  expect(new URL(page.url()).pathname).toBe(traceOf(3));
  await page.close();
});
