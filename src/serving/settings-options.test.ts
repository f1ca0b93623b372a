import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { readChange, readSettings, settingsOf } from "./settings-options.ts";

test.each<[Record<string, string>, object]>([
  [{}, {}],
  [{ batching: "maxRows=64,delayMs=0.5" }, { batching: { maxRows: 64, delayMs: 0.5 } }],
  [{ batching: "merge=no, maxRows=8" }, { batching: { merge: false, maxRows: 8 } }],
  [{ batching: "default", logShare: "default" }, { batching: null, log: null }],
  [{ logShare: "10%" }, { log: { share: 0.1 } }],
  [{ logShare: "0.25", pinned: "yes" }, { log: { share: 0.25 }, pinned: true }],
  [{ pinned: "no" }, { pinned: false }],
])("%j", (options, settings) => expect(readSettings(options)).toEqual(settings));

test.each([
  [{ batching: "64" }, /"64" is no limit of batches: write maxRows=64,delayMs=2/],
  [{ batching: "maxRows=many" }, /no limit of batches/],
  [{ logShare: "a tenth" }, /--log-share is "a tenth"; write 10%/],
  [{ pinned: "true" }, /--pinned is "true"; write yes or no/],
])("%j is refused with what would be right", (options, message) => expect(() => readSettings(options)).toThrow(message));

test("a file holds a change as the API takes it", async () => {
  const folder = await temporaryFolder();
  const file = join(folder, "change.json");
  await writeFile(file, '{"rules": null, "batching": {"maxRows": 8}}');
  expect(await readChange(file)).toEqual({ rules: null, batching: { maxRows: 8 } });
  await writeFile(file, "[]");
  await expect(readChange(file)).rejects.toThrow(/must hold an object with any of rules/);
  await expect(readChange(join(folder, "none.json"))).rejects.toThrow(/cannot be read as JSON: ENOENT/);
});

test("people read what differs from the defaults", () => {
  expect(settingsOf({ batching: { maxRows: 64, delayMs: 2 }, log: { share: 0.125 }, pinned: true })).toEqual([
    "batching: maxRows 64, delayMs 2",
    "log: 12.5 % of the answered requests, and every failure",
    "pinned in memory",
  ]);
  expect(settingsOf({})).toEqual([]);
});
