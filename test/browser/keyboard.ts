import type { Locator, Page } from "playwright-core";

/** So many stops are between two things at most; a person would have given up. */
const mostStops = 120;

/** What an element looks like when it has the focus, for somebody who does not see it: a sentence; none when it is seen. */
const hiddenFocus = (element: Element): string | null => {
  const named = `${element.tagName.toLowerCase()} "${(element.getAttribute("aria-label") ?? element.textContent).trim().slice(0, 60)}"`;
  const box = element.getBoundingClientRect();
  // It may be shown by a label or a row around it.
  let at: Element | null = element;
  let marked = false;
  for (let up = 0; at !== null && up < 3 && !marked; up++, at = at.parentElement) {
    const { outlineStyle, outlineWidth } = getComputedStyle(at);
    marked = outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
  }
  if (!marked) return `${named} has the focus and is not marked`;
  const [x, y] = [box.left + box.width / 2, box.top + Math.min(box.height, innerHeight) / 2];
  if (box.width === 0 || box.height === 0) return `${named} has the focus and no size`;
  return x < 0 || x > innerWidth || y < 0 || y > innerHeight ? `${named} has the focus and lies outside of the screen` : null;
};

/** Somebody without a mouse: goes from stop to stop by Tab alone, and looks where the focus is at each. */
export class Keyboard {
  readonly #page: Page;
  /** Stops at which the focus was not to be seen, as sentences. */
  readonly faults = new Set<string>();

  constructor(page: Page) {
    this.#page = page;
  }

  /** Goes on (or back) to this; throws when it is never reached. */
  async to(target: Locator, { back = false } = {}): Promise<this> {
    const stops: string[] = [];
    for (let at = 0; at < mostStops; at++) {
      await this.#page.keyboard.press(back ? "Shift+Tab" : "Tab");
      const said = (await this.#page.evaluate(hiddenFocusOfActive)) as { readonly name: string; readonly fault: string | null };
      if (said.fault !== null) this.faults.add(said.fault);
      stops.push(said.name);
      if ((await target.count()) > 0 && (await target.first().evaluate((element) => element === document.activeElement))) return this;
    }
    throw new Error(`${target.toString()} is not reached by Tab; the stops were ${stops.slice(0, 40).join(" · ")}`);
  }

  async press(...keys: readonly string[]): Promise<this> {
    for (const key of keys) await this.#page.keyboard.press(key);
    return this;
  }

  async type(text: string): Promise<this> {
    await this.#page.keyboard.type(text);
    return this;
  }
}

const hiddenFocusOfActive = `(() => {
  const element = document.activeElement ?? document.body;
  const name = (element.getAttribute("aria-label") ?? element.textContent ?? "").trim().slice(0, 40);
  return { name, fault: element === document.body ? null : (${hiddenFocus.toString()})(element) };
})()`;
