import { describe, expect, test } from "vitest";
import { findLeakage } from "./leakage.ts";
import type { LeakageOptions } from "./leakage-types.ts";
import type { Column, Table } from "../types.ts";

const rows = 600;

/** A repeatable stream of numbers in [0, 1) (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function numbers(name: string, value: (row: number) => number): Column {
  return { name, type: "number", values: Float64Array.from({ length: rows }, (_, row) => value(row)) };
}

function categories(name: string, value: (row: number) => string): Column {
  const texts = Array.from({ length: rows }, (_, row) => value(row));
  const dictionary = [...new Set(texts)].filter((text) => text !== "").sort();
  return { name, type: "category", codes: Int32Array.from(texts, (text) => dictionary.indexOf(text)), dictionary };
}

const table = (...columns: Column[]): Table => ({ rows, columns });
const noise = (name: string, seed: number): Column => {
  const next = random(seed);
  return numbers(name, () => next());
};
const at = (column: Column): ((row: number) => number) => (row) => (column.type === "number" ? column.values[row] : NaN);

function find(target: string, task: LeakageOptions["task"], columns: Column[], options: Partial<LeakageOptions> = {}): string[] {
  return findLeakage(table(...columns), { target, task, ...options }).map(({ kind, columns }) => `${kind} ${columns.join("+")}`);
}

const a = noise("a", 1);
const b = noise("b", 2);
const c = noise("c", 3);

describe("sums", () => {
  const whole = (column: Column): Column => numbers(column.name, (row) => Math.floor(at(column)(row) * 100));
  const [casual, registered, temp] = [whole(a), numbers("registered", (row) => Math.floor(at(b)(row) * 3000)), whole(c)];

  test("the parts of a sum leave together, although one of them orders the rows as the sum does", () => {
    const cnt = numbers("cnt", (row) => at(casual)(row) + at(registered)(row));
    const [finding, ...more] = findLeakage(table(casual, registered, temp, cnt), { target: "cnt", task: "regression" });
    expect(finding).toEqual({
      kind: "leak",
      columns: ["a", "registered"],
      evidence: "a and registered together give the target away: cnt = a + registered in 600 of 600 rows.",
      statistic: 1,
    });
    expect(more).toEqual([]);
  });

  test("coefficients and a constant, rounded to cents", () => {
    const total = numbers("total", (row) => Math.round((20 * at(a)(row) - 3.5 * at(b)(row) + 7) * 100) / 100);
    const [finding] = findLeakage(table(b, a, c, total), { target: "total", task: "regression" });
    expect([...finding.columns].sort()).toEqual(["a", "b"]);
    expect(finding.evidence).toMatch(/total = (19\.99|20|20\.01) · a − 3\.\d+ · b \+ (6\.99\d*|7|7\.00\d*) in 600 of 600 rows/);
  });

  test("two ways to the same sum are both found", () => {
    const y = numbers("y", (row) => at(a)(row) + at(b)(row));
    const twin = (column: Column): Column => numbers(`${column.name}2`, (row) => 2 * at(column)(row) + 1);
    const found = find("y", "regression", [a, b, twin(a), twin(b), c, y]);
    expect(found.filter((each) => each.startsWith("leak"))).toHaveLength(2);
    expect(found.flatMap((each) => each.slice(5).split("+")).sort()).toEqual(["a", "a2", "b", "b2"]);
  });

  test("a few gaps in a part do not hide the sum", () => {
    const gappy = numbers("gappy", (row) => (row % 40 === 7 ? NaN : at(a)(row)));
    const [finding] = findLeakage(table(gappy, b, numbers("y", (row) => at(a)(row) + at(b)(row))), { target: "y", task: "regression" });
    expect(finding.evidence).toBe("gappy and b together give the target away: y = gappy + b in 585 of 585 rows.");
  });

  test("a sum with noise is no leak", () => {
    const next = random(9);
    expect(find("y", "regression", [a, b, numbers("y", (row) => at(a)(row) + at(b)(row) + 0.2 * next())])).toEqual([]);
  });
});

describe("one column", () => {
  const y = numbers("y", (row) => at(a)(row) + 0.5 * at(b)(row));

  test.each<[what: string, leaky: Column]>([
    ["a monotone function", numbers("x", (row) => Math.exp(5 * at(y)(row)))],
    ["a function that turns round", numbers("x", (row) => Math.floor(at(y)(row) * 20) * (Math.floor(at(y)(row) * 20) % 2 === 0 ? 1 : -1))],
    ["a name for each value", categories("x", (row) => `v${Math.floor(at(y)(row) * 20)}`)],
  ])("of the number: %s", (_, leaky) => {
    expect(find("y", "regression", [a, leaky, y])).toEqual(["leak x"]);
  });

  const label = categories("label", (row) => (at(a)(row) + 0.3 * at(b)(row) > 0.8 ? "yes" : "no"));
  const isYes = (row: number): boolean => at(a)(row) + 0.3 * at(b)(row) > 0.8;

  test.each<[what: string, leaky: Column]>([
    ["another name", categories("x", (row) => (isYes(row) ? "paid" : "open"))],
    ["the same", categories("x", (row) => (isYes(row) ? "yes" : "no"))],
    ["a flag with few errors", numbers("x", (row) => Number(isYes(row) !== (row % 150 === 0)))],
    ["a value only for one class", numbers("x", (row) => (isYes(row) ? NaN : at(c)(row)))],
    ["the score that decided", numbers("x", (row) => at(a)(row) + 0.3 * at(b)(row))],
  ])("of the class: %s", (_, leaky) => {
    expect(find("label", "binary", [b, leaky, label])).toEqual(["leak x"]);
  });

  test("a flag that makes the number leap is no leak, one cut from it is", () => {
    const leaping = numbers("y", (row) => (row % 2 === 0 ? 10 : 0) + at(c)(row));
    expect(find("y", "regression", [a, categories("flag", (row) => (row % 2 === 0 ? "true" : "false")), leaping])).toEqual([]);
    expect(find("y", "regression", [b, categories("flag", (row) => (at(y)(row) > 0.8 ? "high" : "low")), y])).toEqual(["leak flag"]);
    expect(find("y", "regression", [b, categories("band", (row) => `band ${Math.floor(at(y)(row) * 5)}`), y])).toEqual(["leak band"]);
  });

  test("a number that is very good, and two series that both grow, are no leak", () => {
    expect(find("y", "regression", [numbers("age", (row) => Math.floor(at(a)(row) * 50)), c, numbers("y", (row) => 2 * Math.floor(at(a)(row) * 50) + 8 * at(b)(row))])).toEqual([]);
    expect(find("y", "regression", [numbers("when", (row) => row + at(a)(row) * 0.5), c, numbers("y", (row) => 3 * row + at(b)(row) * 2)])).toEqual([]);
  });

  test("row numbers of a table sorted by class, however they were shuffled since", () => {
    const sampled = numbers("pos", (row) => ((row * 7) % rows) * 3 + 1);
    for (const [classes, pieces] of [[3, 3], [4, 8]] as const) {
      const label = categories("label", (row) => `c${Math.floor((((row * 7) % rows) / rows) * pieces) % classes}`);
      expect(find("label", "multiclass", [a, sampled, label])).toEqual(["leak pos"]);
    }
    expect(find("label", "binary", [numbers("Unnamed: 0", (row) => row * 9973 + 7), b, categories("label", (row) => (at(a)(row) > 0.5 ? "yes" : "no"))])).toEqual(["identifier Unnamed: 0"]);
  });

  test("years are no identifier", () => {
    expect(find("y", "regression", [numbers("year", (row) => 1500 + row), c, numbers("y", (row) => at(a)(row))])).toEqual([]);
  });

  test("what follows a number over a wide range is no leak, a function of it is", () => {
    let level = 3;
    const walk = Float64Array.from({ length: 601 }, (_, row) => Math.exp((level += 0.1 * (at(c)(row % rows) - 0.45))));
    const close = numbers("close", (row) => walk[row + 1] * (1 + 0.003 * (at(b)(row) - 0.5)));
    expect(find("close", "regression", [numbers("open", (row) => walk[row] * (1 + 0.02 * (at(a)(row) - 0.5))), close])).toEqual([]);
    expect(find("close", "regression", [numbers("x", (row) => Math.log(at(close)(row))), close])).toEqual(["leak x"]);
  });

  test("a date that only one class has gives it away, the time of the rows does not", () => {
    const died = numbers("died", (row) => (isYes(row) ? 1e12 + row : NaN));
    const options = { timestamps: ["died"], time: "when" };
    expect(find("label", "binary", [b, died, label], options)).toEqual(["leak died"]);
    expect(find("label", "binary", [b, numbers("when", at(died)), label], { ...options, timestamps: ["when"] })).toEqual([]);
  });

  test("a good feature is no leak", () => {
    expect(find("label", "binary", [a, b, c, label])).toEqual([]);
    expect(find("y", "regression", [numbers("x", (row) => at(a)(row) + 0.2 * at(c)(row)), c, y])).toEqual([]);
  });

  test("a rare class guessed by nobody is no leak", () => {
    expect(find("rare", "binary", [a, b, categories("rare", (row) => (row % 100 === 3 ? "yes" : "no"))])).toEqual([]);
  });

  test("two features that fix each other, but not the target, stay", () => {
    const level = numbers("level", (row) => Math.floor(at(c)(row) * 16));
    expect(find("label", "binary", [level, categories("name", (row) => `level ${at(level)(row)}`), label])).toEqual([]);
  });

  test("time that a smooth target follows is no leak", () => {
    const wave = numbers("wave", (row) => Math.sin(row / 40));
    const columns = [numbers("hour", (row) => 1000 + row * 3.5), numbers("when", (row) => row * 3600_000), wave];
    expect(find("wave", "regression", columns, { timestamps: ["when"] })).toEqual([]);
  });
});

describe("columns of no use", () => {
  const y = noise("y", 5);

  test.each<[what: string, column: Column, finding: string]>([
    ["a row counter", numbers("x", (row) => row + 1), "identifier x"],
    ["a shuffled counter", numbers("x", (row) => (row * 7) % rows), "identifier x"],
    ["a scattered number called an id", numbers("customer_id", (row) => row * 9973 + 7), "identifier customer_id"],
    ["a text for each row", categories("x", (row) => `text ${row}`), "identifier x"],
    ["an id of which a few come twice", numbers("ID", (row) => (row % 20 === 1 ? row - 1 : row) * 9973), "identifier ID"],
    ["an index of each block", numbers("index", (row) => (row % 50) + 1), "identifier index"],
    ["a code of each district", numbers("district", (row) => 61_000 + row * 31), "identifier district"],
    ["nearly unique names", categories("genus", (row) => `genus ${row % 550}`), "identifier genus"],
    ["one number", numbers("x", () => 7), "constant x"],
    ["one text", categories("x", () => "same"), "constant x"],
    ["no number", numbers("x", () => NaN), "empty x"],
    ["no text", categories("x", () => ""), "empty x"],
    ["a copy", numbers("x", at(a)), "duplicate x"],
  ])("%s", (_, column, finding) => {
    expect(find("y", "regression", [a, column, y])).toEqual([finding]);
  });

  test.each<[what: string, column: Column]>([
    ["different whole numbers of some size", numbers("income", (row) => Math.floor(at(a)(row) * 1e9))],
    ["one value and gaps", numbers("x", (row) => (row % 3 === 0 ? NaN : 1))],
    ["texts that come again", categories("x", (row) => `text ${row % 300}`)],
  ])("%s stay", (_, column) => {
    expect(find("y", "regression", [column, y])).toEqual([]);
  });

  test("the target must be there", () => {
    expect(() => find("yy", "regression", [a, y])).toThrow(/no column "yy" \(target\)\. Did you mean "y"\?/);
  });
});
