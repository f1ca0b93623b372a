import { expect, test } from "vitest";
import type { Cell } from "../values/reading.ts";
import { badLabels, labelReader } from "./label-values.ts";

test.each<[classes: string[], labels: Cell[], read: (string | undefined)[]]>([
  [["false", "true"], [true, "True", "TRUE", "true", 1, "1", 1.0, "1.0", "yes", 0, "no", "maybe", 2, null, ""], ["true", "true", "true", "true", "true", "true", "true", "true", "true", "false", "false", undefined, undefined, undefined, undefined]],
  [["0", "1"], [true, "False", 1, "1.0", 0.0, "2", " 1 "], ["1", "0", "1", "1", "0", undefined, "1"]],
  [["no", "yes"], [true, "yes", "YES", "0", "nope"], ["yes", "yes", "yes", "no", undefined]],
  [["1", "2", "3", "4", "5"], [6, "5", 5.0, "5.0", true, "five"], [undefined, "5", "5", "5", undefined, undefined]],
  [["setosa", "virginica"], ["setosa", "Setosa", " virginica "], ["setosa", undefined, "virginica"]],
])("labels of the classes %j", (classes, labels, read) => {
  const reader = labelReader({ task: classes.length === 2 ? "binary" : "multiclass", target: "y", classes });
  expect(labels.map((label) => reader.read(label))).toEqual(read);
});

test("numbers have the marks of the target; truth values and words are none", () => {
  const german = labelReader({ task: "regression", target: "price", targetReading: { type: "number", thousands: ".", decimal: "," } });
  expect(["1.658,50", 1658.5, "1658,5", "dear", true, null, Infinity].map((label) => german.read(label))).toEqual(["1658.5", "1658.5", "1658.5", undefined, undefined, undefined, undefined]);
  expect(labelReader({ task: "regression", target: "y" }).read("1e3")).toBe("1000");
});

test("what is wrong is said with the classes, and that nothing was stored", () => {
  const reader = labelReader({ task: "binary", target: "churn", classes: ["no", "yes"] });
  expect(badLabels([{ requestId: "a-1", label: "maybe" }, { requestId: "a-2", label: 7 }], reader).message).toBe(
    'The label of request a-1 is "maybe", and so are 1 more; the classes of churn are "no", "yes"; a new class is a decision: add rows of it to the table and run the project again. Nothing was stored',
  );
});
