import { expect, test } from "vitest";
import { allColumns, columnTitle, readColumns, usualColumns, writeColumns } from "./run-columns.ts";

const known = {
  metrics: [{ key: "mae", varies: true }, { key: "rmse", varies: true }, { key: "rmse_low", varies: true }],
  params: [{ key: "depth", varies: true }, { key: "seed", varies: false }],
  tags: [{ key: "mlflow.user", varies: false }, { key: "team", varies: true }, { key: "trigger", varies: true }],
};

test("before anybody chose: losses, params that differ, no ends of intervals", () =>
  expect(usualColumns(known)).toEqual(["attributes.status", "metrics.rmse", "metrics.mae", "params.depth", "attributes.start_time", "attributes.duration", "tags.trigger"]));

test("tags of the clients come last", () => expect(allColumns(known).slice(-3)).toEqual(["tags.team", "tags.trigger", "tags.mlflow.user"]));

test.each([[["metrics.a,b", "params.50%", "tags.x.y"]], [["metrics.%2C"]], [[]]])("the address keeps %j", (columns) => expect(readColumns(writeColumns(columns))).toEqual(columns));

test("what is no column is left out of an address", () => expect(readColumns("x,metrics.,metrics.a,javascript:1")).toEqual(["metrics.a"]));

test.each([["metrics.rmse", "RMSE"], ["params.max_depth", "max_depth"], ["attributes.start_time", "Started"]])("%s is called %s", (column, title) => expect(columnTitle(column)).toBe(title));
