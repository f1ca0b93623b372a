import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseOrder } from "./order-by.ts";
import { parseFilter, type Filter } from "./parse-filter.ts";

/** A filter as text, every part in parentheses. */
function write(filter: Filter): string {
  if (filter.kind === "not") return `NOT (${write(filter.part)})`;
  if (filter.kind !== "comparison") return filter.parts.map((part) => `(${write(part)})`).join(` ${filter.kind.toUpperCase()} `);
  const values = filter.values.map((value) => (typeof value === "number" ? String(value) : `'${value.replaceAll("'", "''")}'`));
  const key = `${filter.key.prefix}.\`${filter.key.name}\``;
  if (filter.operator.endsWith("NULL")) return `${key} ${filter.operator}`;
  return filter.operator.endsWith("IN") ? `${key} ${filter.operator} (${values.join(", ")})` : `${key} ${filter.operator} ${values[0]}`;
}

const name = fc.string({ minLength: 1, maxLength: 5 }).filter((text) => !text.includes("`"));
const literal = fc.oneof(fc.string({ maxLength: 5 }), fc.double({ noNaN: true, noDefaultInfinity: true }));
const comparison = fc
  .record({ prefix: fc.constantFrom("metrics", "params", "tags"), name, operator: fc.constantFrom("=", "!=", "<", ">=", "LIKE", "ILIKE", "IN", "NOT IN", "IS NULL", "IS NOT NULL"), values: fc.array(literal, { minLength: 1, maxLength: 3 }) })
  .map(({ prefix, name, operator, values }): Filter => {
    const used = operator.endsWith("NULL") ? [] : operator.endsWith("IN") ? values : values.slice(0, 1);
    return { kind: "comparison", key: { prefix, name, text: `${prefix}.\`${name}\`` }, operator: operator as "=", values: used };
  });
const { filter } = fc.letrec<{ filter: Filter }>((tie) => ({
  filter: fc.oneof(
    { maxDepth: 3, depthSize: "small" },
    comparison,
    fc.record({ kind: fc.constantFrom("and", "or"), parts: fc.array(tie("filter"), { minLength: 2, maxLength: 3 }) }),
    fc.record({ kind: fc.constant("not"), part: tie("filter") }),
  ),
}));

test("what was written is read", () => {
  fc.assert(
    fc.property(filter, (written) => {
      expect(parseFilter(write(written))).toEqual(written);
    }),
    { seed: 11, numRuns: 300 },
  );
});

test("any text is a filter or is refused", () => {
  const words = fc.array(fc.oneof(fc.constantFrom("metrics.a", "params.`x y`", "AND", "or", "NOT", "(", ")", "=", "in", "is", "null", "'x'", '"y"', "1.5", "-2e3", ",", "LIKE", "`"), fc.string({ maxLength: 3 })), { maxLength: 12 });
  fc.assert(
    fc.property(words, (parts) => {
      try {
        parseFilter(parts.join(" "));
      } catch (error) {
        expect(error).toMatchObject({ code: "tracking.bad_filter", status: 400 });
      }
    }),
    { seed: 12, numRuns: 500 },
  );
});

describe("keys and values as MLflow's users write them", () => {
  test.each([
    ["metrics.acc > 0.9", "metrics", "acc", ">", [0.9]],
    ["metric.`val loss` <= -1e-3", "metrics", "val loss", "<=", [-0.001]],
    ['params."a.b" = "x"', "params", "a.b", "=", ["x"]],
    ["tags.mlflow.source.name = 'it''s'", "tags", "mlflow.source.name", "=", ["it's"]],
    ["run_id in ('a',)", undefined, "run_id", "IN", ["a"]],
    ["attributes.run_id NOT IN ('a', \"b\")", "attributes", "run_id", "NOT IN", ["a", "b"]],
    ["`run name` ilike '%x%'", undefined, "run name", "ILIKE", ["%x%"]],
    ["params.x is not null", "params", "x", "IS NOT NULL", []],
    ["metrics.train-loss<>1", "metrics", "train-loss", "!=", [1]],
  ])("%s", (text, prefix, name, operator, values) => {
    const read = parseFilter(text);
    expect(read).toMatchObject({ kind: "comparison", operator, values });
    if (read?.kind === "comparison") expect([read.key.prefix?.replace(/s?$/, "s"), read.key.name]).toEqual([prefix, name]);
  });
});

test("AND binds closer than OR, NOT closest", () => {
  const read = parseFilter("a = 1 OR NOT b = 2 AND c = 3");
  expect(read).toMatchObject({ kind: "or", parts: [{ kind: "comparison" }, { kind: "and", parts: [{ kind: "not", part: { key: { name: "b" } } }, { key: { name: "c" } }] }] });
});

test.each(["", "  ", undefined])("%j is no filter", (text) => expect(parseFilter(text)).toBeUndefined());

test.each([
  ["metrics.a >", /Invalid clause\(s\) in filter string/],
  ["metrics.a = 1 AND", /ends too early/],
  ["metrics.a = 1 metrics.b = 2", /Invalid clause\(s\) in filter string: 'metrics.b = 2'/],
  ["params.a = x", /not quoted or unidentified quote types/],
  ["(metrics.a = 1", /Invalid clause/],
  ["metrics.a IN ()", /Invalid clause/],
  ["metrics.a = 'x", /begins nothing that is known/],
  ["1 = 1", /Invalid clause/],
])("%s is refused", (text, expected) => expect(() => parseFilter(text)).toThrow(expected));

test.each([
  ["metrics.a", "a", true],
  ["params.`x y` DESC", "x y", false],
  ["start_time asc", "start_time", true],
])("%s is an order", (text, name, ascending) => expect(parseOrder(text)).toMatchObject({ key: { name }, ascending }));

test.each(["", "metrics.a sideways", "metrics.a DESC, b", "1"])("%j is no order", (text) => expect(() => parseOrder(text)).toThrow(/order_by/));

// As mlflow 3.17.2's SearchUtils.parse_search_filter reads them.
test.each<[text: string, prefix: string, name: string]>([
  ["metrics.'a/b' > 0", "metrics", "a/b"],
  ['metrics."a/b" > 0', "metrics", "a/b"],
  ["metrics.`a/b` > 0", "metrics", "a/b"],
  [`metrics."it's" = 1`, "metrics", "it's"],
  ["params.`a'b` = 'x'", "params", "a'b"],
  ["attributes.'status' = 'x'", "attributes", "status"],
])("the key of %s", (text, prefix, name) => {
  expect(parseFilter(text)).toMatchObject({ key: { prefix, name } });
  expect(parseOrder(`${text.split(" ", 1)[0]} DESC`)).toMatchObject({ key: { prefix, name }, ascending: false });
});
