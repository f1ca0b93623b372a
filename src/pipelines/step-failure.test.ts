import { expect, test } from "vitest";
import { invalid } from "../errors.ts";
import { query, withConnection } from "../storage/duckdb.ts";
import { stepFailure } from "./step-failure.ts";

test.each<[unknown, string]>([
  [new TypeError("undefined is no grain"), "undefined is no grain"],
  [new Error("ENOENT: no such file or directory, open '/home/mill/.millrace/artifacts/ab/absent.csv'"), "ENOENT: no such file or directory, open 'absent.csv'"],
  [new Error("it broke", { cause: new Error("file:///srv/mill/src/a.ts:12 and https://example.com/a/b and 3/4 of a/b/c") }), "it broke: a.ts:12 and https://example.com/a/b and 3/4 of a/b/c"],
  ["/tmp is full", "/tmp is full"],
])("%s", (error, message) => expect(stepFailure(error)).toEqual({ code: "pipelines.step_failed", message }));

test("an error that we know keeps its words, with the path that its reader named", () => {
  expect(stepFailure(invalid("data.unreadable", "Cannot read /data/a/b.csv"))).toEqual({ code: "data.unreadable", message: "Cannot read /data/a/b.csv" });
});

test("what DuckDB cannot do is told without its SQL", async () => {
  const failing = withConnection((connection) => query(connection, "select * from read_parquet('/home/mill/.millrace/artifacts/x.parquet')"));
  const { message } = stepFailure(await failing.catch((error: unknown) => error));
  expect(message).toMatch(/^IO Error: No files found that match the pattern "x\.parquet"$/);
  const cast = withConnection((connection) => query(connection, "select 'x'::int"));
  expect(stepFailure(await cast.catch((error: unknown) => error)).message).toBe("Conversion Error: Could not convert string 'x' to INT32");
});
