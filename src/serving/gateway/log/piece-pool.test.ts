import { expect, test } from "vitest";
import { Piece } from "./log-record.ts";
import { PiecePool } from "./piece-pool.ts";

test("pieces grow from one to the next, are used again, and neither large nor many of them are kept", () => {
  const pool = new PiecePool();
  const first = pool.take(undefined, 100);
  const second = pool.take(first, 100);
  const large = pool.take(second, 1_000_000);
  expect([first.size, second.size, large.size, pool.take(large, 100).size]).toEqual([4096, 8192, 1_000_000, 2 ** 18]);
  pool.give([first, second, large]);
  expect([pool.take(undefined, 4096) === first, pool.take(first, 8000) === second, pool.take(second, 1_000_000) === large]).toEqual([true, true, false]);
  const many = Array.from({ length: 100 }, () => new Piece(2 ** 18));
  pool.give(many);
  const again = Array.from({ length: 100 }, () => pool.take(many[0], 1));
  expect(again.filter((piece) => many.includes(piece))).toHaveLength(64);
});
