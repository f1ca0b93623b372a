import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { readTable } from "../../data/read-table.ts";
import { literal, parquet, withConnection } from "../../storage/duckdb.ts";
import { binsOf, nextBelow, referenceOf } from "./reference.ts";
import type { FeatureReference } from "../types.ts";

/** A Parquet file of a SELECT. */
async function fileOf(select: string): Promise<string> {
  const file = join(await temporaryFolder(), "it's a table.parquet");
  await withConnection((connection) => connection.run(`COPY (${select}) TO ${literal(file)} (FORMAT parquet)`).then(() => undefined));
  return file;
}

const table = async (select: string): Promise<string> => parquet(await fileOf(select));

/** References of the columns of a SELECT. */
const references = async (select: string): Promise<FeatureReference[]> => (await readTable(await fileOf(select))).columns.map(referenceOf);

const f32 = Math.fround;

test("deciles of a number, a bin below and one above them all; categories by how often they come; missing values apart", async () => {
  const [size, kind] = await references(`SELECT i::DOUBLE AS size, CASE WHEN i % 5 = 0 THEN NULL WHEN i % 2 = 0 THEN 'it''s' ELSE 'b' END AS kind FROM range(1, 101) t(i)`);
  expect(size).toMatchObject({ name: "size", type: "number", missing: 0 });
  expect(size?.type === "number" && size.edges).toEqual([nextBelow(1), ...[10.9, 20.8, 30.7, 40.6, 50.5, 60.4, 70.3, 80.2, 90.1].map(f32), 100]);
  for (const [bin, share] of size.shares.entries()) expect(share).toBeCloseTo(bin === 0 || bin === 11 ? 0 : 0.1, 12);
  expect(kind).toMatchObject({ name: "kind", type: "category", categories: ["b", "it's"], shares: [0.5, 0.5, 0], missing: 0.2 });
});

test("few values have a bin each; a value that many rows have has one of its own among deciles; a column without values has one bin", async () => {
  const [flag, zeros, nothing] = await references("SELECT (i % 20 > 0)::INT::DOUBLE AS flag, (CASE WHEN i < 800 THEN 0 ELSE i - 900 END)::DOUBLE AS zeros, NULL::DOUBLE AS nothing FROM range(1000) t(i)");
  expect(flag).toMatchObject({ edges: [nextBelow(0), 0, 1], shares: [0, 0.05, 0.95, 0] });
  // Deciles −0.1 (interpolated between −1 and 0), 0 …, 0.1: 100 values below 0, 801 zeros, 99 above.
  if (zeros?.type !== "number") throw new Error("a number was asked for");
  expect(zeros.edges).toEqual([nextBelow(-100), f32(-0.1), nextBelow(0), 0, 99]);
  expect(zeros.shares).toEqual([0, 0.1, 0, 0.801, 0.099, 0].map((share) => expect.closeTo(share, 12)));
  expect(zeros.shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  expect(nothing).toEqual({ name: "nothing", type: "number", edges: [], shares: [0], missing: 1 });
});

// numpy 2.4.6: float(np.nextafter(np.float32(x), np.float32(-np.inf))).
test.each([[1, 0.9999999403953552], [-1, -1.0000001192092896], [0, -(2 ** -149)], [-0, -(2 ** -149)], [2 ** -149, 0], [-999, -999 - 2 ** -14]])("the float32 below %d", (value, below) => {
  expect(nextBelow(value)).toBe(below);
});

test("rows lie in the reference's bins: at an edge below it, beyond the last above; others, unseen and missing categories apart", async () => {
  const rows = await table("SELECT * FROM (VALUES (1.0, 'a'), (2.0, 'b'), (2.5, 'z'), (9.0, NULL), (NULL, 'new')) t(x, c)");
  await withConnection(async (connection) => {
    expect(await binsOf(connection, rows, '"x"', { type: "number", edges: [1, 2] })).toEqual({ counts: [1, 1, 2], missing: 1, unseen: 0 });
    expect(await binsOf(connection, rows, '"c"', { type: "category", categories: ["a", "b"] }, "c = 'new'")).toEqual({ counts: [1, 1, 1], missing: 1, unseen: 1 });
  });
});

test("the same values as float32, as the prediction log has them, lie in the same bins", async () => {
  const [reference] = await references("SELECT (i % 200) / 500.0::DOUBLE AS temp FROM range(2000) t(i)");
  const live = await table("SELECT ((i % 200) / 500.0)::FLOAT::DOUBLE AS temp FROM range(2000) t(i)");
  await withConnection(async (connection) => {
    if (reference?.type !== "number") throw new Error("a number was asked for");
    const { counts } = await binsOf(connection, live, '"temp"', reference);
    expect(counts.map((count) => count / 2000)).toEqual(reference.shares);
  });
});
