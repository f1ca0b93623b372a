import { join } from "node:path";
import { expect, test } from "vitest";
import { temporaryFolder } from "../../../test/temporary-folder.ts";
import { readTable } from "../../data/read-table.ts";
import { literal, parquet, withConnection } from "../../storage/duckdb.ts";
import { jensenShannon, psi } from "./distances.ts";
import { referenceOf, sharesOf } from "./reference.ts";
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

test("deciles of a number, categories by how often they come, missing values apart", async () => {
  const [size, kind] = await references(`SELECT i::DOUBLE AS size, CASE WHEN i % 5 = 0 THEN NULL WHEN i % 2 = 0 THEN 'it''s' ELSE 'b' END AS kind FROM range(1, 101) t(i)`);
  expect(size).toMatchObject({ name: "size", type: "number", missing: 0 });
  expect(size?.type === "number" && size.edges.map((edge) => Math.round(edge * 10) / 10)).toEqual([10.9, 20.8, 30.7, 40.6, 50.5, 60.4, 70.3, 80.2, 90.1]);
  for (const share of size.shares) expect(share).toBeCloseTo(0.1, 12);
  expect(kind).toMatchObject({ name: "kind", type: "category", categories: ["b", "it's"], shares: [0.5, 0.5, 0], missing: 0.2 });
});

test("edges that are equal are one edge; a column without values has one bin", async () => {
  const [zeros, nothing] = await references("SELECT (CASE WHEN i < 80 THEN 0 ELSE i END)::DOUBLE AS zeros, NULL::DOUBLE AS nothing FROM range(100) t(i)");
  expect(zeros?.type === "number" && zeros.edges.length).toBeLessThan(5);
  expect(zeros.shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 12);
  expect(zeros.shares[0]).toBeCloseTo(0.8, 1);
  expect(nothing).toEqual({ name: "nothing", type: "number", edges: [], shares: [0], missing: 1 });
});

test("shares lie in the reference's bins: at an edge below it, beyond the last above, unknown categories last", async () => {
  const rows = await table("SELECT * FROM (VALUES (1.0, 'a'), (2.0, 'b'), (2.5, 'z'), (9.0, NULL), (NULL, 'a')) t(x, c)");
  await withConnection(async (connection) => {
    expect(await sharesOf(connection, rows, '"x"', { type: "number", edges: [1, 2] })).toEqual({ shares: [0.25, 0.25, 0.5], missing: 0.2 });
    expect(await sharesOf(connection, rows, '"c"', { type: "category", categories: ["a", "b"] })).toEqual({ shares: [0.5, 0.25, 0.25], missing: 0.2 });
  });
});

test("the same values as float32, as the prediction log has them, have not drifted", async () => {
  const [reference] = await references("SELECT (i % 20) / 50.0::DOUBLE AS temp FROM range(2000) t(i)");
  const live = await table("SELECT ((i % 20) / 50.0)::FLOAT::DOUBLE AS temp FROM range(2000) t(i)");
  await withConnection(async (connection) => {
    if (reference?.type !== "number") throw new Error("a number was asked for");
    const { shares } = await sharesOf(connection, live, '"temp"', reference);
    expect(psi(reference.shares, shares)).toBe(0);
    expect(jensenShannon(reference.shares, shares)).toBe(0);
  });
});
