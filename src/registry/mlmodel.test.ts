import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { readMlModel } from "./mlmodel.ts";
import { fromLines } from "./requirements.ts";

const written = {
  flavors: {
    python_function: { env: { conda: "conda.yaml" }, loader_module: "mlflow.sklearn", python_version: "3.11.7" },
    sklearn: { code: null, pickled_model: "model.pkl", sklearn_version: "1.9.1" },
  },
  mlflow_version: "3.17.2",
  model_size_bytes: 20511,
  saved_input_example_info: { artifact_path: "input_example.json", type: "dataframe" },
  signature: {
    inputs: JSON.stringify([
      { type: "double", name: "a", required: true },
      { type: "array", items: { type: "long" }, name: "b", required: false },
      { type: "object", name: "c", properties: { x: { type: "string", required: true } } },
      { type: "map", name: "d", values: { type: "boolean" } },
    ]),
    outputs: '[{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 3]}}]',
    params: '[{"name": "temperature", "type": "float", "default": 0.5, "shape": null}]',
  },
  utc_time_created: "2026-11-21 15:39:03.556084",
};

test("an MLmodel as MLflow writes it", () => {
  expect(readMlModel(stringify(written))).toEqual({
    notes: [],
    format: {
      flavors: { python_function: { env: '{"conda":"conda.yaml"}', loader_module: "mlflow.sklearn", python_version: "3.11.7" }, sklearn: { pickled_model: "model.pkl", sklearn_version: "1.9.1" } },
      signature: {
        inputs: [
          { name: "a", type: "double", required: true },
          { name: "b", type: "array<long>", required: false },
          { name: "c", type: "object{x: string}", required: true },
          { name: "d", type: "map<boolean>", required: true },
        ],
        outputs: [{ name: "", type: "tensor float64[-1, 3]", required: true }],
        params: [{ name: "temperature", type: "float", required: false, default: "0.5" }],
      },
      pythonVersion: "3.11.7",
      mlflowVersion: "3.17.2",
      createdAt: "2026-11-21 15:39:03.556084",
      size: 20511,
      inputExample: "input_example.json",
    },
  });
});

describe("what is broken or hostile is told, and nothing is thrown", () => {
  // Each line nine times the one before: it would be gigabytes.
  const laughs = ["a: &a [x, x, x, x, x, x, x, x, x]", ..."bcdefghij".split("").map((name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghij"[index]}`).join(", ")}]`)].join("\n");
  test.each<[string, string, RegExp]>([
    ["nothing", "", /holds no keys/],
    ["a list", "- a\n- b", /holds no keys/],
    ["a text", "hello", /holds no keys/],
    ["no YAML", "a: [b", /no YAML that can be read/],
    ["a billion laughs", laughs, /no YAML that can be read|names no flavors/],
    ["brackets without end", "[".repeat(100_000), /no YAML that can be read/],
    ["megabytes", `flavors: {}\nx: ${"y".repeat(5 << 20)}`, /4194304 at most/],
    ["no flavors", "mlflow_version: 3", /names no flavors/],
    ["a signature that is no JSON", "flavors: {a: {}}\nsignature: {inputs: '[{'}", /signature's inputs cannot be read/],
    ["a signature that is no list", "flavors: {a: {}}\nsignature: {outputs: '{}'}", /signature's outputs cannot be read/],
    ["an object that holds itself", "flavors:\n  a: &a\n    b: *a\n", /./],
  ])("%s", (_, text, note) => {
    const { notes, format } = readMlModel(text);
    expect(notes.join("\n") || JSON.stringify(format)).toMatch(note);
  });

  test("any text and any JSON", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
        expect(readMlModel(text).notes).toBeInstanceOf(Array);
      }),
    );
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (flavors, inputs) => {
        readMlModel(stringify({ flavors, signature: { inputs: JSON.stringify(inputs), outputs: inputs } }));
      }),
    );
  });
});

test("requirements as pip has them", () => {
  expect(fromLines(["# made by hand", "", "scikit-learn==1.9.1", "numpy >=2, <3 ; python_version > '3'", "PyYAML", "uvicorn[standard]==1.0 # web", "-r other.txt", "--index-url https://example.org"])).toEqual({
    "scikit-learn": "==1.9.1",
    numpy: ">=2, <3",
    pyyaml: "any",
    "uvicorn[standard]": "==1.0",
  });
});
