import * as fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { parseJson } from "../parse-json.ts";
import { readValues } from "../read-values.ts";
import type { Datatype } from "../tensor.ts";
import { compileKernel } from "./kernel.ts";
import { NumberList } from "./number-list.ts";
import { parseJsonBody } from "./parse-body.ts";

beforeAll(compileKernel);

/** Blanks that make a body long enough to be worth the kernel. */
const padded = (text: string): Buffer => Buffer.from(text + " ".repeat(16_384));
const read = (text: string): unknown => parseJsonBody(padded(text), ["data"]);
/** With lists as JavaScript has them. */
const plain = (value: unknown): unknown =>
  value instanceof NumberList ? value.toLists() : Array.isArray(value) ? value.map(plain) : typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)])) : value;

const bits = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((one) => new Float64Array(BigUint64Array.of(one).buffer)[0]).filter((value) => Number.isFinite(value) && !(Number.isInteger(value) && Math.abs(value) >= 1e15));
const texts = fc.oneof(
  bits.map((value) => JSON.stringify(value)),
  bits.map((value) => JSON.stringify(Math.fround(value) || 0).replace(/^(-?\d{15,})$/, "1.5")),
  fc.integer().map(String),
  fc.tuple(fc.integer({ min: -999, max: 999 }), fc.nat(99_999), fc.integer({ min: -330, max: 290 }), fc.constantFrom("e", "E")).map(([whole, fraction, power, e]) => `${whole}.${fraction}${e}${power}`),
  fc.tuple(fc.nat(9), fc.array(fc.nat(9), { minLength: 1, maxLength: 40 })).map(([whole, digits]) => `${whole}.${digits.join("")}`),
  fc.constantFrom("-0", "0", "0.0", "-0.0e5", "5e-324", "2.2250738585072014e-308", "1.7976931348623157e308", "1e999", "9007199254740993.0", "0.500000000000000166533453693773481063544750213623046875", "1e23", "8.988465674311582e307"),
);

describe("a body's JSON", () => {
  test("has the numbers that JSON.parse reads, to the last bit", () => {
    fc.assert(
      fc.property(fc.array(texts, { minLength: 256, maxLength: 600 }), fc.constantFrom(",", " ,\n", "\t, "), (list, comma) => {
        const data = (read(`{"data": [${list.join(comma)}]}`) as { data: NumberList }).data;
        expect(data).toBeInstanceOf(NumberList);
        expect(data.shape).toEqual([list.length]);
        const expected = JSON.parse(`[${list.join(comma)}]`) as number[];
        expected.forEach((value, i) => {
          if (!Object.is(data.values[i], value)) throw new Error(`${list[i]} is read as ${data.values[i]}, not ${value}`);
        });
      }),
      { numRuns: 150 },
    );
  });

  test("is what the plain reader makes of it, whatever stands in it", () => {
    const long = (item: fc.Arbitrary<string>) => fc.array(item, { minLength: 1, maxLength: 400 }).map((items) => `[${items.join(",")}]`);
    const odd = fc.constantFrom("null", "true", '"a[1,2]"', "01", "1.", ".5", "+1", "-", "1e", "", "NaN", "Infinity", "[]", "{}", "1234567890123456789", '"', "[", "]", "é");
    const value = fc.oneof({ weight: 6, arbitrary: long(texts) }, { weight: 2, arbitrary: long(long(fc.constant("1.5"))) }, { weight: 2, arbitrary: long(fc.oneof({ weight: 300, arbitrary: fc.constant("7") }, { weight: 1, arbitrary: odd })) }, odd);
    const key = fc.constantFrom("data", "inputs", "__proto__", 'a\\"[', "x");
    const body = fc.array(fc.tuple(key, value), { maxLength: 4 }).map((entries) => `{"n":[1,{"k":"[[["}],${entries.map(([name, item]) => `"${name}":${item}`).join(",")}${entries.length > 0 ? "," : ""}"z":[[1,2],[3,4]]}`);
    const outcome = (run: () => unknown) => {
      try {
        return { value: run() };
      } catch (error) {
        return { error: (error as Error).message };
      }
    };
    fc.assert(
      fc.property(body, (text) => {
        expect(outcome(() => plain(read(text)))).toEqual(outcome(() => parseJson(padded(text).toString())));
      }),
      { numRuns: 300 },
    );
  });

  test("lists keep their nesting; lists of unequal lengths, and elsewhere than under a key asked for, are JavaScript's", () => {
    const rows = Array.from({ length: 100 }, (_, i) => [[i, 1], [2, 3], [4, 5]]);
    const { data, other } = read(JSON.stringify({ data: rows, other: rows })) as { data: NumberList; other: unknown };
    expect(data.shape).toEqual([100, 3, 2]);
    expect([data.toLists(), other]).toEqual([rows, rows]);
    expect((read(JSON.stringify({ data: [...rows, [[1]]] })) as { data: unknown }).data).toEqual([...rows, [[1]]]);
  });

  test("a text that says it is a list is a text", () => {
    const list = `[${Array.from({ length: 300 }, (_, i) => i).join(",")}]`;
    expect(read(JSON.stringify({ data: list, more: [list, `\\"${list}`] }))).toEqual({ data: list, more: [list, `\\"${list}`] });
  });

  test.each(["FP32", "FP64", "FP16", "INT8", "INT32", "INT64", "UINT64", "BOOL", "BYTES", "BF16"] as Datatype[])("of %s is the same tensor, or the same error", (datatype) => {
    const outcome = (list: unknown, count: number) => {
      try {
        return readValues(list, datatype, count, "x");
      } catch (error) {
        return (error as Error).message;
      }
    };
    for (const numbers of [Array.from({ length: 300 }, (_, i) => i % 2), Array.from({ length: 300 }, (_, i) => i), Array.from({ length: 300 }, (_, i) => i / 4 - 20)]) {
      const { data } = read(JSON.stringify({ data: numbers })) as { data: NumberList };
      for (const count of [300, 299, 301]) expect(outcome(data, count)).toEqual(outcome(numbers, count));
    }
  });

  test("a body that is larger than the memory that is kept is read, too", () => {
    const numbers = Array.from({ length: 600_000 }, (_, i) => i / 7);
    const { data } = parseJsonBody(Buffer.from(JSON.stringify({ data: numbers })), ["data"]) as { data: NumberList };
    expect(data.values.every((value, i) => value === numbers[i])).toBe(true);
  });
});
