import { expect, test } from "vitest";
import type { Model } from "../../runtimes/runtime.ts";
import { withPlainTimes } from "./plain-times.ts";

const inputs: Model["inputs"] = [
  { name: "when", datatype: "BYTES", shape: [-1, 1], reading: { type: "timestamp", iso: true } },
  { name: "n", datatype: "FP64", shape: [-1, 1] },
];
const plain = (body: string, type = "application/json") => withPlainTimes(type, Buffer.from(body), { inputs } as Model).toString();
const midnight = "2024-01-02T00:00:00.000000";
const later = "2024-01-02T02:04:05.250000";

test.each<[what: string, body: string, written: string, type?: string]>([
  ["split", `{"dataframe_split": {"columns": ["n", "when"], "data": [[3.0, "2024-01-02"], [NaN, "2024-01-02 03:04:05,25+01:00"]]}}`, `{"dataframe_split":{"columns":["n","when"],"data":[[3.0,"${midnight}"],[NaN,"${later}"]]}}`],
  ["records, of which one lacks it, and one has none", `{"dataframe_records": [{"when": "20240102T020405.25Z"}, {"n": 1e400}, {"when": NaN}], "params": {"a": -0.0}}`, `{"dataframe_records":[{"when":"${later}"},{"n":1e400},{"when":null}],"params":{"a":-0.0}}`],
  ["columns", `{"inputs": {"when": ["2024-01-02T00:00Z", null], "n": [1, Infinity]}}`, `{"inputs":{"when":["${midnight}",null],"n":[1,Infinity]}}`],
  ["columns of lists of one", `{"inputs": {"when": [["2024-01-02"]]}}`, `{"inputs":{"when":[["${midnight}"]]}}`],
  ["rows by name", `{"instances": [{"when": "2024-01-02", "note": "NaN \\u0000NaN"}]}`, `{"instances":[{"when":"${midnight}","note":"NaN \\u0000NaN"}]}`],
  ["no JSON", "{ torn", "{ torn"],
  ["a form without columns", '{"inputs": [1, 2]}', '{"inputs":[1,2]}'],
  ["another type", "2024-01-02", "2024-01-02", "text/plain"],
])("%s", (_, body, written, type) => expect(plain(body, type)).toBe(written));

test.each<[value: string, shown: RegExp]>([
  ['"01/02/2020"', /"when": data\[1\] is "01\/02\/2020"; it takes dates and times of ISO 8601/],
  ['"now"', /is "now"/],
  ['"2020"', /is "2020"/],
  ["1577836800", /is 1577836800/],
  ["true", /is true/],
  ['"2024-13-01"', /is "2024-13-01"/],
  ['"2024-02-30T00:00:00Z"', /is "2024-02-30T00:00:00Z"/],
  ['"2024-W05-1"', /is "2024-W05-1"/],
  ['"2024-01-02T25:00:00"', /25:00:00/],
])("%s is refused by its cell", (value, shown) => {
  expect(() => plain(`{"dataframe_split": {"columns": ["when"], "data": [["2024-01-02"], [${value}]]}}`)).toThrow(shown);
  expect(() => plain(`{"inputs": {"when": ["2024-01-02", ${value}]}}`)).toThrow(shown);
});
