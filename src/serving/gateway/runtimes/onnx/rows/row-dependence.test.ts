import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import { makeHome } from "../../../fixtures/gateway-process.ts";
import { keepApart, mix, type RowGraph } from "./fixtures/row-graphs.ts";
import { writeOnnx, type Value } from "./fixtures/write-onnx.ts";
import { graphFacts } from "./row-dependence.ts";

async function fileOf({ graph, ...options }: RowGraph): Promise<string> {
  const file = join(await makeHome(), "graph.onnx");
  await writeFile(file, writeOnnx(graph, options));
  return file;
}

type Row = Record<string, Tensor>;

/** Rows by kind: ordinary ones, one a thousand times as large, equal ones, zeros. */
const kinds = { ordinary: [1, 1, 1], outlier: [1, 1000, 1], equal: [0, 1000, 0], zero: [1, -1000, 0] };

/** A row of an input as a tensor of one row; `factor` makes it an outlier. Texts and indices have few values. */
function rowOf({ name, type = "FLOAT", shape }: Value, row: number, factor: number): readonly [string, Tensor] {
  const dims = shape!.map((size, axis) => (axis === 0 ? 1 : typeof size === "number" ? size : 3));
  const length = dims.reduce((all, one) => all * one, 1);
  const of = <T>(value: (at: number) => T) => Array.from({ length }, (_, at) => value(at));
  if (type === "STRING") return [name, new Tensor("string", of((at) => "abc"[(at + row) % 3]), dims)];
  if (type === "INT64") return [name, new Tensor("int64", BigInt64Array.from(of((at) => BigInt((at + row * row) % 2))), dims)];
  return [name, new Tensor("float32", Float32Array.from(of((at) => factor * (((at * 7 + row * 5) % 9) / 4 - 0.75))), dims)];
}

function together(rows: readonly Row[]): Row {
  return Object.fromEntries(
    Object.entries(rows[0]).map(([name, first]) => {
      const data = rows.flatMap((row) => [...(row[name].data as Iterable<number>)]);
      const typed = first.type === "string" ? (data as unknown as Float32Array) : (first.data.constructor as unknown as { from: (values: unknown[]) => Float32Array }).from(data);
      return [name, new Tensor(first.type, typed, [rows.length, ...first.dims.slice(1)])];
    }),
  );
}

const near = (one: unknown, other: unknown): boolean => one === other || (typeof one === "number" && typeof other === "number" && ((Number.isNaN(one) && Number.isNaN(other)) || Math.abs(one - other) <= 1e-4 * Math.max(Math.abs(one), Math.abs(other), 1e-3)));

/** Whether a session gives, for rows together, what it gives for each alone. */
async function givesAsAlone(session: InferenceSession, rows: readonly Row[]): Promise<boolean> {
  const all = await session.run(together(rows));
  const alone: InferenceSession.OnnxValueMapType[] = [];
  for (const row of rows) alone.push(await session.run(row));
  return session.outputNames.every((name) => {
    const expected = alone.flatMap((one) => [...(one[name].data as Iterable<unknown>)]);
    const { data: given, dims } = all[name];
    const data = [...(given as Iterable<unknown>)];
    return data.length === expected.length && dims[0] === rows.length && data.every((value, at) => near(value, expected[at]));
  });
}

/** The kinds of rows for which a graph gives together something else than alone; optimised, as it is served. */
async function mixedKinds(file: string, { graph: { inputs } }: RowGraph): Promise<string[]> {
  const session = await InferenceSession.create(file, { logSeverityLevel: 4 });
  try {
    const found: string[] = [];
    for (const [kind, factors] of Object.entries(kinds)) {
      const rows = factors.map((factor, at) => Object.fromEntries(inputs.map((input) => rowOf(input, kind === "equal" ? 0 : at, factor === 0 ? 1 : factor))));
      if (!(await givesAsAlone(session, rows))) found.push(kind);
    }
    return found;
  } finally {
    await session.release();
  }
}

describe("row dependence", () => {
  test.each(keepApart.map((one) => [one.name, one] as const))("%s: rows are shown to be independent, and are", async (_, one) => {
    const file = await fileOf(one);
    expect(graphFacts(file)).toMatchObject({ independent: true });
    expect(await mixedKinds(file, one)).toEqual([]);
  });

  test.each(mix.map((one) => [one.name, one] as const))("%s: rows depend on each other, and that is seen", async (_, one) => {
    const file = await fileOf(one);
    expect(graphFacts(file)).toMatchObject({ independent: false, why: expect.stringMatching(/^.+\.$/) });
    expect(await mixedKinds(file, one)).not.toEqual([]);
  });
});
