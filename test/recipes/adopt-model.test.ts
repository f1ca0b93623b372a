import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Column, DatasetColumn, StoredType, Table } from "../../src/data/types.ts";
import { columnType } from "../../src/data/types.ts";
import { writeOnnx, type Graph, type ModelOptions, type Value } from "../../src/serving/gateway/runtimes/onnx/rows/fixtures/write-onnx.ts";
import { runGraph } from "../../src/training/onnx/run-graph.ts";
import { adoptModel, type AdoptedModel } from "../../src/training/recipes/graph/adopt-model.ts";
import { concatenated, textOf, wireBytes, wireFields, wireNumber, wireText } from "../../src/training/recipes/graph/wire-fields.ts";
import type { Task } from "../../src/training/types.ts";
import { temporaryFolder } from "../temporary-folder.ts";

type Cells = Readonly<Record<string, readonly [StoredType, readonly (number | string | null)[]]>>;

function tableOf(cells: Cells): { table: Table; columns: DatasetColumn[] } {
  const columns = Object.entries(cells).map(([name, [stored, values]]): Column => {
    if (columnType(stored) !== "category") return { name, type: "number", values: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))) };
    const dictionary = [...new Set(values.filter((value) => value !== null).map(String))].toSorted();
    return { name, type: "category", dictionary, codes: Int32Array.from(values, (value) => (value === null ? -1 : dictionary.indexOf(String(value)))) };
  });
  return { table: { rows: columns[0].type === "number" ? columns[0].values.length : columns[0].codes.length, columns }, columns: Object.entries(cells).map(([name, [stored]]) => ({ name, type: columnType(stored), stored })) };
}

interface Case {
  readonly cells?: Cells;
  readonly task?: Task;
  readonly graph: Graph;
  readonly options?: ModelOptions;
  readonly eventTime?: string;
}

const houses: Cells = { rooms: ["BIGINT", [1, 2, 3, 4]], size: ["DOUBLE", [10.5, 20.25, 30, 44]], price: ["DOUBLE", [1, 2, 3, 4]] };
const flowers: Cells = { rooms: ["BIGINT", [1, 2, 3, 4]], size: ["DOUBLE", [10, 20, 30, 44]], kind: ["VARCHAR", ["rose", "aster", "lily", "rose"]] };

async function adopted({ cells = houses, task = "regression", graph, options, eventTime }: Case, folder = "/nowhere"): Promise<{ model: AdoptedModel; answers: (rows?: Cells) => Promise<{ values: number[]; labels: string[] }> }> {
  const { table, columns } = tableOf(cells);
  const target = Object.keys(cells).at(-1)!;
  const features = Object.keys(cells).slice(0, -1);
  const model = await adoptModel({ name: "model.onnx", bytes: writeOnnx(graph, options), folder, train: table, columns, request: { features, target, task, seed: 1, ...(eventTime !== undefined && { eventTime: { feature: eventTime, precision: "DATE" as const } }) } });
  return {
    model,
    answers: async (rows = cells) => {
      const found = { values: [] as number[], labels: [] as string[] };
      await runGraph(model.graph, model.signature, tableOf(rows).table, (outputs) => {
        found.values.push(...(outputs[task === "regression" ? "prediction" : "probabilities"].data as unknown as Iterable<number>));
        if (task !== "regression") found.labels.push(...(outputs["label"].data as readonly string[]));
      });
      return found;
    },
  };
}

const matrix = (columns: number | undefined, type: Value["type"] = "FLOAT"): Value => ({ name: "X", type, shape: ["N", columns] });
const column = (name: string, type: Value["type"] = "FLOAT"): Value => ({ name, type, shape: ["N", 1] });

describe("a model of somebody's answers by our names what it answers by its own", () => {
  test("a matrix of the features in their order, and one number for each row", async () => {
    const { model, answers } = await adopted({ graph: { inputs: [matrix(2)], outputs: [{ name: "variable", shape: ["N", 1] }], nodes: [{ does: "MatMul: X,w -> p" }, { does: "Add: p,b -> variable" }], constants: { w: { dims: [2, 1], data: [100, 2] }, b: { dims: [1], data: [0.5] } } } });
    expect(model.signature).toMatchObject({ task: "regression", target: "price", features: [{ name: "rooms", type: "number" }, { name: "size", type: "number" }] });
    expect((await answers()).values).toEqual([121.5, 241, 360.5, 488.5]);
    // What moves the answers: 100 a room, 2 a unit of size, over the rows.
    expect(model.importances["rooms"] + model.importances["size"]).toBeCloseTo(1, 12);
    expect(model.importances["rooms"]).toBeGreaterThan(0.6);
  });

  test.each(["variable", "p", "w", "X", "model/w", "out/constant_1", "in/Concat_1"])("a feature may be called %s, as a value within the graph is", async (name) => {
    const { answers } = await adopted({
      cells: { [name]: ["DOUBLE", [1, 2]], size: ["DOUBLE", [10, 20]], price: ["DOUBLE", [1, 2]] },
      graph: { inputs: [matrix(2)], outputs: [{ name: "variable" }], nodes: [{ does: "MatMul: X,w -> p" }, { does: "Identity: p -> variable" }], constants: { w: { dims: [2, 1], data: [100, 2] } } },
    });
    expect((await answers()).values).toEqual([120, 240]);
  });

  test("an input for each feature by its name, in any order, some of them unused, texts among them", async () => {
    const { model, answers } = await adopted({
      cells: { colour: ["VARCHAR", ["red", "blue", "red"]], idle: ["DOUBLE", [1, null, 3]], size: ["DOUBLE", [1, 2, 3]], day: ["DATE", [0, 86_400_000, 0]], price: ["DOUBLE", [1, 2, 3]] },
      eventTime: "day",
      graph: {
        inputs: [column("size"), column("colour", "STRING")],
        outputs: [{ name: "prediction" }],
        nodes: [{ does: "ai.onnx.ml.LabelEncoder: colour -> c", attributes: { keys_strings: ["red"], values_floats: { floats: [50] }, default_float: { float: 7 } } }, { does: "Add: c,size -> prediction" }],
      },
    });
    expect(model.signature.features.map(({ name, type }) => `${name} ${type}`)).toEqual(["colour category", "idle number", "size number"]);
    expect(model.signature.features[0].categories).toEqual(["blue", "red"]);
    expect((await answers()).values).toEqual([51, 9, 53]);
    expect(model.importances["idle"]).toBe(0);
  });

  test("integers and doubles keep digits that a float32 loses, and a row that has no integer has no answer", async () => {
    const { answers } = await adopted({
      cells: { id: ["BIGINT", [16_777_217, 16_777_219]], exact: ["DOUBLE", [16_777_217, 16_777_219]], price: ["DOUBLE", [1, 2]] },
      graph: { inputs: [column("id", "INT64"), column("exact", "DOUBLE")], outputs: [{ name: "y", type: "DOUBLE" }], nodes: [{ does: "Cast: id -> d", attributes: { to: 11 } }, { does: "Add: d,exact -> y" }] },
    });
    expect((await answers()).values).toEqual([33_554_434, 33_554_438]);
    const broken: Cells = { id: ["BIGINT", [null, 2.5, 4]], exact: ["DOUBLE", [1, 1, 1]], price: ["DOUBLE", [1, 2, 3]] };
    expect((await answers(broken)).values).toEqual([Number.NaN, Number.NaN, 5]);
  });

  test("true and false enter a matrix as 1 and 0, missing as nothing", async () => {
    const cells: Cells = { open: ["BOOLEAN", ["true", "false"]], size: ["DOUBLE", [1, 2]], price: ["DOUBLE", [1, 2]] };
    const graph: Graph = { inputs: [matrix(undefined)], outputs: [{ name: "y" }], nodes: [{ does: "MatMul: X,w -> y" }], constants: { w: { dims: [2, 1], data: [10, 1] } } };
    const { answers } = await adopted({ cells, graph, options: { opsets: { "ai.onnx.ml": 1 } } });
    expect((await answers({ ...cells, open: ["BOOLEAN", ["true", null]] })).values).toEqual([11, Number.NaN]);
  });

  test("values of graphs within nodes keep what they meant", async () => {
    const branch = (constant: string): Graph => ({ inputs: [], outputs: [{ name: "r" }], nodes: [{ does: `Mul: s,${constant} -> r` }] });
    const { answers } = await adopted({
      graph: {
        inputs: [matrix(2)],
        outputs: [{ name: "y" }],
        nodes: [{ does: "MatMul: X,w -> s" }, { does: "If: yes -> y", attributes: { then_branch: { graph: branch("two") }, else_branch: { graph: branch("three") } } }],
        constants: { w: { dims: [2, 1], data: [1, 0] }, yes: { type: "BOOL", dims: [], data: [1] }, two: { dims: [], data: [2] }, three: { dims: [], data: [3] } },
      },
    });
    expect((await answers()).values).toEqual([2, 4, 6, 8]);
  });

  test("weights in a file beside the model come into it", async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, "model.onnx.data"), Buffer.from(Float32Array.of(0, 100, 2).buffer));
    const bytes = writeOnnx({ inputs: [matrix(2)], outputs: [{ name: "y" }], nodes: [{ does: "MatMul: X,w -> y" }], constants: { w: { dims: [2, 1], data: [0, 0] } } });
    const outside = (location: string): Uint8Array => {
      const entry = (key: string, value: string) => wireBytes(13, concatenated([wireText(1, key), wireText(2, value)]));
      const tensor = concatenated([wireNumber(1, 2), wireNumber(1, 1), wireNumber(2, 1), wireText(8, "w"), entry("location", location), entry("offset", "4"), entry("length", "8"), wireNumber(14, 1)]);
      const graph = wireFields(wireFields(bytes).find(({ number }) => number === 7)!.bytes).map((field) => (field.number === 5 ? wireBytes(5, tensor) : field.raw));
      return concatenated(wireFields(bytes).map((field) => (field.number === 7 ? wireBytes(7, concatenated(graph)) : field.raw)));
    };
    const { table, columns } = tableOf(houses);
    const left = { name: "model.onnx", folder, train: table, columns, request: { features: ["rooms", "size"], target: "price", task: "regression" as const, seed: 1 } };
    const model = await adoptModel({ ...left, bytes: outside("model.onnx.data") });
    expect([...model.weights]).toEqual(["model.onnx.data"]);
    const found: number[] = [];
    await runGraph(model.graph, model.signature, table, ({ prediction }) => found.push(...(prediction.data as unknown as Iterable<number>)));
    expect(found).toEqual([121, 240.5, 360, 488]);
    for (const location of ["../secret", "/etc/hostname", "not-there"]) await expect(adoptModel({ ...left, bytes: outside(location) })).rejects.toMatchObject({ code: "training.weights_missing" });
  });
});

/** Scores for three classes, whose columns are lily, rose, aster; the largest is that of the row's own class of `flowers`. */
const scores = { does: "ai.onnx.ml.LabelEncoder: rooms -> at", attributes: { keys_floats: { floats: [1, 2, 3, 4] }, values_int64s: [1, 2, 0, 1], default_int64: 0 } };
const table = { type: "FLOAT" as const, dims: [3, 3], data: [0.7, 0.2, 0.1, 0.1, 0.8, 0.1, 0.2, 0.2, 0.6] };
const probabilities = [scores, { does: "Reshape: at,flat -> place" }, { does: "Gather: t,place -> p" }];
const constants = { t: table, flat: { type: "INT64" as const, dims: [1], data: [-1] } };
const inputs = [column("rooms"), column("size")];
const sortedAnswers = [[0.1, 0.1, 0.8], [0.6, 0.2, 0.2], [0.1, 0.7, 0.2], [0.1, 0.1, 0.8]].flat();
const rounded = (values: readonly number[]): number[] => values.map((value) => Math.round(value * 1e4) / 1e4);

describe("which probability is which class", () => {
  test("as a dictionary of them says, which converters write by default", async () => {
    const graph: Graph = { inputs, outputs: [{ name: "output_label", type: "STRING" }, { name: "output_probability" }], nodes: [...probabilities, { does: "ai.onnx.ml.ZipMap: p -> output_probability", attributes: { classlabels_strings: ["lily", "rose", "aster"] } }, { does: "Gather: names,place -> output_label" }], constants: { ...constants, names: { type: "STRING", dims: [3], data: ["lily", "rose", "aster"] } } };
    const { model, answers } = await adopted({ cells: flowers, task: "multiclass", graph });
    expect(model.signature.classes).toEqual(["aster", "lily", "rose"]);
    const { values, labels } = await answers();
    expect(rounded(values)).toEqual(sortedAnswers);
    expect(labels).toEqual(["rose", "aster", "lily", "rose"]);
  });

  test("as the classes that the model gives rows show, where nothing names them; in another order they are refused", async () => {
    const graph = (names: readonly string[]): Graph => ({ inputs, outputs: [{ name: "label", type: "STRING" }, { name: "probabilities" }], nodes: [...probabilities, { does: "Identity: p -> probabilities" }, { does: "Gather: names,place -> label" }], constants: { ...constants, names: { type: "STRING", dims: [3], data: names } } });
    const sorted: Cells = { ...flowers, kind: ["VARCHAR", ["b", "c", "a", "b"]] };
    expect((await (await adopted({ cells: sorted, task: "multiclass", graph: graph(["a", "b", "c"]) })).answers()).labels).toEqual(["b", "c", "a", "b"]);
    await expect(adopted({ cells: sorted, task: "multiclass", graph: graph(["a", "c", "b"]) })).rejects.toMatchObject({ code: "training.model_signature", message: expect.stringContaining("cannot be told which") as string });
    await expect(adopted({ cells: sorted, task: "multiclass", graph: graph(["a", "b", "z"]) })).rejects.toMatchObject({ message: expect.stringContaining('gives the class "z"') as string });
  });

  test("classes 0, 1, 2 are their own columns; texts without a word about their order are refused", async () => {
    const graph: Graph = { inputs, outputs: [{ name: "p" }], nodes: probabilities, constants };
    const { answers } = await adopted({ cells: { ...flowers, kind: ["BIGINT", [1, 2, 0, 1]] }, task: "multiclass", graph });
    expect((await answers()).labels).toEqual(["1", "2", "0", "1"]);
    await expect(adopted({ cells: flowers, task: "multiclass", graph })).rejects.toMatchObject({ code: "training.model_signature", message: expect.stringContaining("let it give the class") as string });
  });

  test("one probability is that of the second of two classes, true and false among them", async () => {
    const graph: Graph = { inputs: [matrix(3)], outputs: [{ name: "y", shape: ["N", 1] }], nodes: [{ does: "MatMul: X,w -> s" }, { does: "Sigmoid: s -> y" }], constants: { w: { dims: [3, 1], data: [0, 0, 1] } } };
    const cells: Cells = { rooms: ["DOUBLE", [1, 2, 3, 4]], size: ["DOUBLE", [1, 2, 3, 4]], sign: ["DOUBLE", [-1, 1, 1, -1]], sold: ["BOOLEAN", ["false", "true", "true", "false"]] };
    const { answers } = await adopted({ cells, task: "binary", graph });
    const { values, labels } = await answers();
    expect(labels).toEqual(["false", "true", "true", "false"]);
    expect(values[3]).toBeCloseTo(1 / (1 + Math.exp(-1)), 6);
  });

  test("scores that are no probabilities are refused", async () => {
    const graph: Graph = { inputs: [matrix(2)], outputs: [{ name: "y", shape: ["N", 3] }], nodes: [{ does: "MatMul: X,w -> y" }], constants: { w: { dims: [2, 3], data: [1, 2, 3, 1, 2, 3] } } };
    await expect(adopted({ cells: { ...flowers, kind: ["BIGINT", [0, 1, 2, 0]] }, task: "multiclass", graph })).rejects.toMatchObject({ code: "training.no_probabilities" });
  });
});

describe("what is not understood is refused with a word about what would be", () => {
  const linear = (input: Value): Graph => ({ inputs: [input], outputs: [{ name: "y" }], nodes: [{ does: "Identity: X -> y" }] });
  test.each<[string, Case, string, RegExp]>([
    ["a matrix of another width", { graph: { ...linear(matrix(5)) } }, "training.model_signature", /has 5 columns, and there are 2 features \(rooms, size\)/],
    ["texts in a matrix", { cells: { ...flowers, price: ["DOUBLE", [1, 2, 3, 4]] }, graph: linear(matrix(3)) }, "training.model_signature", /the feature kind holds text/],
    ["an input that is no feature", { graph: { inputs: [column("rooms"), column("colour")], outputs: [{ name: "y" }], nodes: [{ does: "Add: rooms,colour -> y" }] } }, "training.model_signature", /"colour" is no feature; the features are rooms, size/],
    ["a number that the graph takes as text", { graph: { inputs: [column("rooms", "STRING"), column("size")], outputs: [{ name: "y" }], nodes: [{ does: "Identity: size -> y" }] } }, "training.model_signature", /"rooms" is string; the feature is a number/],
    ["two numbers for a row", { graph: { inputs: [matrix(2)], outputs: [{ name: "y", shape: ["N", 2] }], nodes: [{ does: "Identity: X -> y" }] } }, "training.model_signature", /must be one number for each row/],
    ["two numbers for a row, of which the graph says nothing", { graph: { inputs: [matrix(2)], outputs: [{ name: "y" }], nodes: [{ does: "Identity: X -> y" }] } }, "training.model_signature", /gives 8 answers for 4 rows/],
    ["classes without probabilities", { cells: flowers, task: "multiclass", graph: { inputs: [matrix(2)], outputs: [{ name: "y", type: "INT64" }], nodes: [{ does: "Cast: X -> y", attributes: { to: 7 } }] } }, "training.model_signature", /gives classes and no probabilities/],
    ["an old operator set", { graph: linear(matrix(2)), options: { opset: 7 } }, "training.model_signature", /operator set 7 of ONNX, which is too old/],
    ["an operator that nobody has", { graph: { inputs: [matrix(2)], outputs: [{ name: "y", shape: ["N", 1] }], nodes: [{ does: "Wonder: X -> y" }] } }, "training.model_unreadable", /ONNX Runtime.*Wonder/],
    ["answers that are no numbers", { graph: { inputs: [matrix(2)], outputs: [{ name: "y", shape: ["N", 1] }], nodes: [{ does: "MatMul: X,w -> y" }], constants: { w: { dims: [2, 1], data: [Number.NaN, 1] } } } }, "training.model_answers_nan", /4 of 4 answers .* diverged/],
    ["rows without a value that the model cannot take", { cells: { ...houses, size: ["DOUBLE", [1, null, 3, 4]] }, graph: { inputs: [matrix(2)], outputs: [{ name: "y", shape: ["N", 1] }], nodes: [{ does: "MatMul: X,w -> y" }], constants: { w: { dims: [2, 1], data: [1, 1] } } } }, "training.model_answers_nan", /1 of 4 answers .*an imputer/],
  ])("%s", async (_, given, code, message) => await expect(adopted(given)).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string }));

  test.each<[string, Uint8Array]>([
    ["a text", new TextEncoder().encode("no model at all, but a sentence")],
    ["nothing", new Uint8Array()],
    ["half a file", writeOnnx({ inputs: [matrix(2)], outputs: [{ name: "y" }], nodes: [{ does: "Identity: X -> y" }] }).subarray(0, 40)],
  ])("%s is no ONNX file", async (_, bytes) => {
    const { table: train, columns } = tableOf(houses);
    await expect(adoptModel({ name: "model.onnx", bytes, folder: "/nowhere", train, columns, request: { features: ["rooms"], target: "price", task: "regression", seed: 1 } })).rejects.toMatchObject({ code: "training.not_onnx" });
  });

  test("the metadata of a graph of ours does not stand in for what was found", async () => {
    const { model } = await adopted({ graph: { inputs: [matrix(2)], outputs: [{ name: "y", shape: ["N", 1] }], nodes: [{ does: "MatMul: X,w -> y" }], constants: { w: { dims: [2, 1], data: [1, 1] } } } });
    const properties = wireFields(model.graph).filter(({ number }) => number === 14).map(({ bytes }) => wireFields(bytes).map(textOf));
    expect(properties).toEqual([["millrace.signature", JSON.stringify(model.signature)]]);
  });
});
