import { expect, test } from "vitest";
import { spanOf, spanRows, type SaidSpan } from "./span-tree.ts";

const span = (id: string, parentId: string | null, from: number, to: number | null): SaidSpan =>
  ({ id, parentId, name: id, startedAt: String(1_700_000_000_000_000_000n + BigInt(from) * 1_000_000n), endedAt: to === null ? null : String(1_700_000_000_000_000_000n + BigInt(to) * 1_000_000n) }) as SaidSpan;
const drawn = (spans: readonly SaidSpan[], folded: readonly string[] = []): string[] => spanRows(spans, new Set(folded)).map(({ span: { id }, level, children, offset, duration }) => `${"  ".repeat(level - 1)}${id} ${children} ${offset}+${duration}`);

test("each stands below its parent, as it began, with times to the nanosecond's millionth", () => {
  const spans = [span("root", null, 0, 100), span("a", "root", 5, 20), span("a1", "a", 6, 7), span("b", "root", 30, null)];
  expect(drawn(spans)).toEqual(["root 2 0+100", "  a 1 5+15", "    a1 0 6+1", "  b 0 30+null"]);
  expect(drawn(spans, ["a"])).toEqual(["root 2 0+100", "  a 1 5+15", "  b 0 30+null"]);
  expect(drawn(spans, ["root"])).toEqual(["root 2 0+100"]);
  expect(spanOf(spanRows(spans))).toBe(100);
});

test("none is missing: neither without its parent nor in a circle", () => {
  expect(drawn([span("child", "gone", 3, 4), span("other", null, 1, 9)])).toEqual(["child 0 2+1", "other 0 0+8"]);
  expect(drawn([span("x", "y", 0, 1), span("y", "x", 1, 2), span("self", "self", 2, 3)])).toEqual(["x 1 0+1", "  y 0 1+1", "self 0 2+1"]);
  expect(drawn([])).toEqual([]);
  expect(spanOf([])).toBe(0);
});
