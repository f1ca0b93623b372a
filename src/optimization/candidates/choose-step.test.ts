import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import type { IngestOutput } from "../../data/ingest-step.ts";
import { readTable } from "../../data/read-table.ts";
import { selectRows } from "../../data/select-rows.ts";
import { ingest } from "../../data/sources/ingest.ts";
import { openFolderBlobs } from "../../storage/folder-blobs.ts";
import { findTrainer } from "../../training/trainers.ts";
import { chooseStep, type ChooseOutput, type ChooseParams } from "./choose-step.ts";

const day = 86_400_000;
const start = Date.UTC(2024, 0, 1);
/** Ten rows a day; from day 40 on the slope is another. */
const rows = Array.from({ length: 600 }, (_, at) => {
  const [x, noise] = [(at * 7919) % 101, ((at * 104_729) % 13) / 13];
  return `${new Date(start + Math.floor(at / 10) * day).toISOString().slice(0, 10)},${x},${(at < 400 ? x : 101 - x) + noise}`;
});

async function world() {
  const folder = await temporaryFolder();
  const blobs = openFolderBlobs(join(folder, "blobs"));
  const source = join(folder, "table.csv");
  await writeFile(source, `at,x,y\n${rows.join("\n")}\n`);
  const { path, columns, rows: count } = await ingest({ source, into: join(folder, "table.parquet") });
  const table: IngestOutput = { file: await blobs.put(await readFile(path)), rows: count, columns, remarks: [], version: "1", manifest: "" };
  const loaded = await readTable(path);
  /** A linear model of some days, as a version that is there. */
  const version = async (number: number, fromDay: number, untilDay: number) => {
    const on = selectRows(loaded, Uint32Array.from({ length: 10 * (untilDay - fromDay) }, (_, at) => 10 * fromDay + at));
    const model = findTrainer("linear").train({ table: on, target: "y", task: "regression", features: ["x"], params: {}, seed: 0 });
    return { version: number, sha256: (await blobs.put(model.toOnnx())).sha256, signature: model.signature, seenUntil: start + (untilDay - 1) * day };
  };
  const choose = async (params: Pick<ChooseParams, "champion" | "archived" | "changedAt"> & Partial<ChooseParams>) => {
    const all: ChooseParams = { algorithm: "linear", params: {}, time: "at", window: day, labelDelay: day, maxAge: null, cameBackFor: null, ...params };
    const inputs = { table, checked: { target: "y", task: "regression", features: [{ name: "x", type: "number" }] } };
    if (chooseStep.where !== "worker") throw new Error("it runs in a worker");
    return (await chooseStep.run({ params: all as never, inputs, seed: 0, blobs, workdir: folder, report: () => undefined })) as unknown as ChooseOutput;
  };
  return { version, choose };
}

test("a version is compared on rows that it was not trained on", async () => {
  const { version, choose } = await world();
  const champion = { ...(await version(1, 0, 30)), from: null };
  // The second was trained on everything, the third up to the middle of the yardstick, the fourth on the new concept alone.
  const archived = [await version(2, 0, 60), await version(3, 45, 55), await version(4, 40, 48)];
  const { choice } = await choose({ champion, archived, changedAt: start + 40 * day });
  expect(choice.yardstick).toBe(100);
  const of = (name: string) => choice.candidates.find((one) => one.name === name)!;
  expect(of("version 2")).toMatchObject({ difference: null, failed: "it was trained on 100 of the 100 rows" });
  expect([of("version 3").difference!.n, of("version 4").difference!.n]).toEqual([50, 100]);
  expect(of("version 4").difference!.mean).toBeGreaterThan(1000);
});

test("a candidate has the older half of the yardstick to learn from, as it would have in production", async () => {
  const { version, choose } = await world();
  const champion = { ...(await version(1, 0, 30)), from: null };
  const { choice } = await choose({ champion, archived: [], changedAt: start + 40 * day });
  // Half of the rows since the change are compared by; a model of the other half, and for the newer half of one quarter more, has learnt the new concept.
  expect(choice.candidates[0].name).toBe("since the change");
  expect(choice.candidates[0].difference!.n).toBe(100);
  expect(choice.championLoss - choice.candidates[0].difference!.mean).toBeLessThan(1);
  // Two for each of the stretches.
  expect(choice.fits).toBe(4);
});

test("without an alarm a version that is there counts by all rows that neither has seen, where these say less of it", async () => {
  const { version, choose } = await world();
  const champion = { ...(await version(1, 0, 30)), from: null };
  const other = await version(2, 41, 45);
  const known = async (seenUntil: number) => (await choose({ champion, archived: [{ ...other, seenUntil }], changedAt: null })).choice;
  // The yardstick is the newest third of what the champion has not seen, all of the new concept; on days 30 to 39 the old one ruled.
  const [late, early] = [await known(start + 44 * day), await known(start + 20 * day)];
  const shown = ({ candidates }: typeof late) => candidates.find(({ name }) => name === "version 2")!;
  expect([late, early].map((choice) => [choice.yardstick, shown(choice).difference!.n, shown(choice).before!.n])).toEqual([[100, 100, 50], [100, 100, 200]]);
  expect(shown(late).before!.mean).toBeCloseTo(shown(late).difference!.mean, -3);
  expect([late.archived, early.archived]).toEqual([2, null]);
});

test("a champion that came back is judged by the rows since the change that it came back for", async () => {
  const { version, choose } = await world();
  // It knows the new concept, and has not seen the rows of days 30 to 59, of which ten are of the old one.
  const champion = { ...(await version(1, 41, 45)), seenUntil: start + 30 * day - 1, from: null };
  const [all, since] = [await choose({ champion, archived: [], changedAt: null }), await choose({ champion, archived: [], changedAt: null, cameBackFor: start + 55 * day })];
  expect([all.choice.yardstick, since.choice.yardstick]).toEqual([100, 17]);
  expect(since.choice.candidates.map(({ name }) => name)).toContain("since the change");
  expect(all.choice.candidates.map(({ name }) => name)).not.toContain("since the change");
  // Fewer than 24 rows are too few.
  expect(await choose({ champion, archived: [], changedAt: null, cameBackFor: start + 58 * day })).toMatchObject({ choice: { yardstick: 20, candidates: [] }, stop: "there are 20 labelled rows that the champion has not seen, since the last change on 2024-02-28T00:00:00.000Z, and comparing takes 24" });
});
