import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { config, endpoint, makeHome, startProcess, variant } from "../../fixtures/gateway-process.ts";
import { readCsv } from "./csv.ts";
import { readJsonLines } from "./json-lines.ts";
import { writePredictions } from "./predictions.ts";
import { readScoringJson } from "./scoring-json.ts";

const trips = endpoint("trips", variant("champion", "trips-1", 1));
const churn = endpoint("churn", variant("champion", "churn", 1));
const matrix = endpoint("matrix", variant("champion", "matrix", 1));

async function serve(endpoints: readonly (typeof trips)[], ...args: string[]) {
  const gateway = await startProcess(await makeHome(config(1, ...endpoints)), ...args);
  const invoke = async (body: unknown, headers: Record<string, string> = {}) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const answer = await fetch(`${gateway.url}/invocations`, { method: "POST", body: text, headers: { "content-type": "application/json", ...headers } });
    return { status: answer.status, type: answer.headers.get("content-type"), text: await answer.text() };
  };
  return { gateway, invoke };
}

const columns = ["distance", "seats", "city"];
const csv = { "content-type": "text/csv" };

describe("MLflow scoring with ONNX models", () => {
  test("data frames, instances, inputs and CSV give the same predictions", async () => {
    const { gateway, invoke } = await serve([trips]);
    const two = '{"predictions":[13.0,3.0]}';
    const forms: [string, unknown, Record<string, string>?][] = [
      ["split", { dataframe_split: { columns, data: [[1, 1, "Oslo"], [null, 3, null]] } }],
      ["split with an index, and columns in another order", { dataframe_split: { columns: ["city", "seats", "distance"], index: [7, 9], data: [["Oslo", 1, 1], ["", 3, null]] } }],
      ["records, of which one lacks a field", { dataframe_records: [{ distance: 1, seats: 1, city: "Oslo" }, { seats: 3, city: null }] }],
      ["instances by name", { instances: [{ distance: 1, seats: 1, city: "Oslo" }, { distance: null, seats: 3, city: null }] }],
      ["inputs by name", { inputs: { distance: [1, null], seats: [1, 3], city: ["Oslo", null] } }],
      ["Python's NaN", '{"inputs": {"distance": [1, NaN], "seats": [1, 3], "city": ["Oslo", ""]}}'],
      ["a column more, and params, which nothing uses", { params: { a: 1 }, dataframe_split: { columns: [...columns, "note"], data: [[1, 1, "Oslo", "x"], [null, 3, null, "y"]] } }],
      ["CSV", 'distance,seats,city\n1,1,Oslo\n,3,"N/A"\n', csv],
    ];
    for (const [name, body, headers] of forms) expect({ name, ...(await invoke(body, headers)) }).toEqual({ name, status: 200, type: "application/json", text: two });
    expect((await invoke({ dataframe_split: { columns, data: [[1, 1, "Oslo"]] } }, { "content-type": "application/json; charset=UTF-8" })).status).toBe(200);
    await gateway.admin("flush");
    expect((await gateway.admin("status")).log.written).toBe(2 * forms.length + 1);
  });

  test("several outputs are records per row; a matrix takes all columns, or a list", async () => {
    const { invoke } = await serve([churn], "--default-model", "churn");
    const { text } = await invoke({ dataframe_records: [{ distance: 1, seats: 1, city: "?" }] });
    expect(JSON.parse(text)).toEqual({ predictions: [{ label: "no", probabilities: [expect.closeTo(1, 5), expect.any(Number)] }] });
  });

  test("what is wrong is said as MLflow says it", async () => {
    const { invoke } = await serve([trips]);
    const cases: [unknown, number, RegExp, Record<string, string>?][] = [
      ["this is,,,, not valid json", 400, /"BAD_REQUEST".*not JSON/],
      [1, 400, /exactly one of dataframe_split, dataframe_records, instances, inputs, not a number/],
      [[1], 400, /exactly one of/],
      [{ not: "a serialized dataframe" }, 400, /exactly one of .*it has \\"not\\"/],
      [{ dataframe_records: [], dataframe_split: { data: [] } }, 400, /exactly one of/],
      [{ dataframe_split: [] }, 400, /must be an object \{columns, data\}, not a list/],
      [{ dataframe_records: {} }, 400, /must be a list of records, not an object/],
      [{ dataframe_split: { index: [1, 2], data: [[1], [2], [3]] } }, 400, /2 labels in \\"index\\" for 3 rows/],
      [{ dataframe_split: { columns: ["a"], data: [[1], [2, 3]] } }, 400, /row 1 has 2 values for 1 columns/],
      [{ dataframe_split: { columns: ["distance"], data: [[1]] } }, 400, /inputs \\"seats\\", \\"city\\" are missing/],
      [{ inputs: { distance: ["far"], seats: [1], city: ["x"] } }, 400, /\\"distance\\": data\[0\] is \\"far\\"; it takes numbers/],
      [{ inputs: { distance: [1, 2], seats: [1], city: ["x"] } }, 400, /as many/],
      [{ inputs: [1, 2] }, 400, /send values by these names/],
      ["", 400, /empty/, csv],
      ["a,b\n1", 400, /Line 2 of the CSV has 1 values for 2 columns/, csv],
      ["{}", 415, /must be application\/json, text\/csv or application\/jsonlines/, { "content-type": "not_a_supported_content_type" }],
      ["{}", 415, /something=something/, { "content-type": "application/json; something=something" }],
      ["{}", 415, /charset=latin-1/, { "content-type": "application/json; charset=latin-1" }],
    ];
    for (const [body, status, message, headers] of cases) {
      const answer = await invoke(body, headers);
      expect(answer.text).toMatch(message);
      expect(answer.status).toBe(status);
      expect(answer.type).toMatch(status === 415 ? /^text\/plain/ : /^application\/json/);
    }
  });

  test("the model is the only one, the default, or the one of SageMaker's header; else its names are told", async () => {
    const several = await serve([trips, matrix]);
    const body = { dataframe_records: [{ distance: 1, seats: 1, city: "Oslo" }] };
    const header = (name: string) => ({ "x-amzn-sagemaker-target-model": name });
    expect((await several.invoke(body)).text).toMatch(/"BAD_REQUEST".*\\"matrix\\", \\"trips\\".*--default-model/);
    expect((await several.invoke(body, header("trips"))).text).toBe('{"predictions":[13.0]}');
    expect(await several.invoke(body, header("boats"))).toMatchObject({ status: 404, text: expect.stringMatching(/"RESOURCE_DOES_NOT_EXIST".*'boats' is not found/) });
    const chosen = await serve([trips, matrix], "--default-model", "matrix");
    const { text } = await chosen.invoke({ inputs: { features: [[1, 2, 3]], rank: [0.5], count: [4] } });
    expect(text).toBe('{"predictions":[10.5]}');
  });

  test("ping and health say whether it answers; version and methods", async () => {
    const { gateway } = await serve([trips]);
    for (const path of ["ping", "health"]) {
      const answer = await fetch(`${gateway.url}/${path}`);
      expect([answer.status, await answer.json()]).toEqual([200, { status: "Healthy" }]);
    }
    expect(await (await fetch(`${gateway.url}/version`)).text()).toMatch(/^\d+\.\d+/);
    expect((await fetch(`${gateway.url}/invocations`)).status).toBe(405);
    const empty = await startProcess(await makeHome());
    const answer = await fetch(`${empty.url}/ping`);
    expect([answer.status, await answer.json()]).toEqual([503, { status: "Unhealthy" }]);
  });
});

describe("reading and writing tables", () => {
  const rows = { inputs: [{ name: "text", datatype: "BYTES", shape: [-1, 1] }, { name: "other", datatype: "FP32", shape: [-1, 1] }] } as const;

  test("CSV that is quoted reads back as what was written", () => {
    const cell = fc.string({ unit: fc.constantFrom("a", ",", '"', "\n", "\r", " ", "ä") }).map((text) => `x${text}`);
    fc.assert(
      fc.property(fc.array(cell, { minLength: 1, maxLength: 20 }), (cells) => {
        const text = ["text,other", ...cells.map((value) => `"${value.replaceAll('"', '""')}",1`)].join("\r\n");
        expect(readCsv(text, rows, undefined)).toEqual({ kind: "columns", columns: new Map<string, unknown[]>([["text", cells], ["other", cells.map(() => "1")]]) });
      }),
    );
  });

  test("any text is read or refused with a sentence", () => {
    const piece = fc.constantFrom('"', ",", "\n", "a", "NaN", "{", "}", "[", "]", ":", '"inputs"', '"instances"', "1", "null");
    fc.assert(
      fc.property(fc.string({ unit: piece }), (text) => {
        for (const read of [() => readScoringJson(text), () => readCsv(text, rows, undefined), () => readJsonLines(text, rows)]) {
          try {
            read();
          } catch (error) {
            expect(error).toMatchObject({ name: "MillraceError", status: 400 });
          }
        }
      }),
    );
  });

  test("predictions are written as Python's json writes them", () => {
    const tensor = (datatype: "FP32" | "FP64" | "INT64" | "BOOL" | "BYTES", shape: number[], data: never) => ({ name: "y", datatype, shape, data });
    const cases: [ReturnType<typeof tensor>, string][] = [
      [tensor("FP64", [3], Float64Array.of(1, 0.1, NaN) as never), "[1.0,0.1,NaN]"],
      [tensor("FP32", [2, 1], Float32Array.of(0.1, -Infinity) as never), "[0.1,-Infinity]"],
      [tensor("INT64", [1, 2], BigInt64Array.of(2n ** 60n, -1n) as never), "[[1152921504606846976,-1]]"],
      [tensor("BOOL", [2], Uint8Array.of(1, 0) as never), "[true,false]"],
      [tensor("BYTES", [1], ['"'] as never), '["\\""]'],
      [tensor("FP64", [], Float64Array.of(2) as never), "2.0"],
    ];
    for (const [one, text] of cases) expect(writePredictions([one], true)).toBe(`{"predictions":${text}}`);
  });
});
