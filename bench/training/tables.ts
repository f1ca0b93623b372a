import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Column, Table } from "../../src/data/types.ts";
import type { Task } from "../../src/training/types.ts";

/** One table of the comparison: where it lies, what its columns are, and what is predicted. */
export interface BenchTable {
  readonly name: string;
  readonly task: Task;
  readonly table: Table;
  readonly features: readonly string[];
  readonly target: string;
  /** Repeated random splits: many for small tables, whose figures vary from split to split. */
  readonly splits: number;
}

interface Source {
  readonly name: string;
  readonly file: string;
  readonly task: Task;
  /** Names of the columns when the file has no header. */
  readonly names?: readonly string[];
  readonly categories: readonly string[];
  readonly exclude?: readonly string[];
  readonly target: string;
  readonly splits: number;
  readonly derive?: (cell: (name: string) => string) => string;
}

const adultNames = [
  "age",
  "workclass",
  "fnlwgt",
  "education",
  "education-num",
  "marital-status",
  "occupation",
  "relationship",
  "race",
  "sex",
  "capital-gain",
  "capital-loss",
  "hours-per-week",
  "native-country",
  "income",
];
const bostonNames = [
  "CRIM",
  "ZN",
  "INDUS",
  "CHAS",
  "NOX",
  "RM",
  "AGE",
  "DIS",
  "RAD",
  "TAX",
  "PTRATIO",
  "B",
  "LSTAT",
  "MEDV",
];
const wineNames = [
  "fixed acidity",
  "volatile acidity",
  "citric acid",
  "residual sugar",
  "chlorides",
  "free sulfur dioxide",
  "total sulfur dioxide",
  "density",
  "pH",
  "sulphates",
  "alcohol",
  "quality",
];

const sources: readonly Source[] = [
  {
    name: "adult-train",
    file: "adult-train.csv",
    task: "binary",
    names: adultNames,
    target: "income",
    splits: 10,
    categories: [
      "workclass",
      "education",
      "marital-status",
      "occupation",
      "relationship",
      "race",
      "sex",
      "native-country",
      "income",
    ],
  },
  {
    name: "boston-housing",
    file: "boston-housing.csv",
    task: "regression",
    names: bostonNames,
    target: "MEDV",
    splits: 20,
    categories: [],
  },
  {
    name: "winequality-red",
    file: "winequality-red.csv",
    task: "regression",
    names: wineNames,
    target: "quality",
    splits: 20,
    categories: [],
  },
  {
    name: "winequality-red",
    file: "winequality-red.csv",
    task: "multiclass",
    names: wineNames,
    target: "quality",
    splits: 10,
    categories: ["quality"],
  },
  {
    name: "chicago-taxi",
    file: "chicago-taxi.csv",
    task: "binary",
    target: "tipped",
    exclude: ["tips", "pickup_census_tract"],
    splits: 10,
    categories: ["payment_type", "company", "pickup_community_area", "dropoff_community_area", "tipped"],
    // The census tract of the pickup is empty throughout, which scikit-learn refuses. The label is that of TFX's
    // tutorial: whether the tip exceeds a fifth of the fare.
    derive: (cell) => (Number(cell("tips")) > 0.2 * Number(cell("fare")) ? "yes" : "no"),
  },
  { name: "electricity", file: "electricity.csv", task: "binary", target: "class", splits: 10, categories: ["class"] },
  {
    name: "bike-sharing-hour",
    file: "bike-sharing-hour.csv",
    task: "regression",
    target: "cnt",
    splits: 10,
    categories: ["season", "weekday", "weathersit"],
    exclude: ["instant", "dteday", "casual", "registered"],
  },
];

/** Reads the tables of the comparison from the data folder. */
export function readTables(folder: string): BenchTable[] {
  return sources.map((source) => readTable(folder, source));
}

function readTable(folder: string, source: Source): BenchTable {
  // No file of the comparison quotes a cell.
  const lines = readFileSync(join(folder, source.file), "utf8")
    .split(/\r?\n/)
    .filter((line) => line.trim() !== "");
  const cells = lines.map((line) => line.split(",").map((cell) => cell.trim()));
  const names = source.names ?? cells.shift()!;
  const derived = source.derive;
  const all = derived
    ? [...names, source.target].map((name, c) => ({
        name,
        cells: cells.map((row) => (c < names.length ? row[c] : derived((other) => row[names.indexOf(other)]))),
      }))
    : names.map((name, c) => ({ name, cells: cells.map((row) => row[c]) }));
  const kept = all.filter(({ name }) => !source.exclude?.includes(name));
  const columns = kept.map(({ name, cells }) =>
    source.categories.includes(name) ? categories(name, cells) : numbers(name, cells),
  );
  const features = kept.map(({ name }) => name).filter((name) => name !== source.target);
  const { name, task, target, splits } = source;
  return { name, task, target, splits, features, table: { rows: cells.length, columns } };
}

function numbers(name: string, cells: readonly string[]): Column {
  return {
    name,
    type: "number",
    values: Float64Array.from(cells, (cell) => (cell === "" || cell === "?" ? NaN : Number(cell))),
  };
}

function categories(name: string, cells: readonly string[]): Column {
  const dictionary = [...new Set(cells)].filter((cell) => cell !== "" && cell !== "?").sort();
  const codeOf = new Map(dictionary.map((category, code) => [category, code]));
  return { name, type: "category", codes: Int32Array.from(cells, (cell) => codeOf.get(cell) ?? -1), dictionary };
}

/** The listed rows of a table. */
export function takeRows(table: Table, rows: Int32Array): Table {
  const columns = table.columns.map((column): Column =>
    column.type === "number"
      ? { ...column, values: Float64Array.from(rows, (row) => column.values[row]) }
      : { ...column, codes: Int32Array.from(rows, (row) => column.codes[row]) },
  );
  return { rows: rows.length, columns };
}
