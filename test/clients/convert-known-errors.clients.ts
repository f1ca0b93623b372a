import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { millrace, startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { pythonWith, runScript } from "./python.ts";

const session = fileURLToPath(new URL("convert_models.py", import.meta.url));
const common = ["mlflow-skinny==3.17.2", "pandas==2.3.3", "numpy==2.4.6", "scikit-learn==1.9.1", "skl2onnx==1.20.0", "onnx==1.23.2", "onnxruntime==1.32.0", "protobuf==6.33.6"];
const boosted = ["onnxmltools==1.16.0", "lightgbm==4.7.0", "xgboost==3.2.0", "catboost==1.2.10"];

/** What `models convert` does with a model that its converter is known to change silently: what it says was mended, or why it is refused. */
type Known = readonly [model: string, mended: RegExp] | readonly [model: string, mended: null, refused: RegExp];

const rounded = /thresholds rounded to float32/;
const known: Readonly<Record<string, readonly Known[]>> = {
  sklearn: [
    ["tree-missing", /to which side scikit-learn's trees send a missing value/],
    ["forest-missing", /to which side scikit-learn's trees send a missing value/],
    ["extra-missing", /to which side scikit-learn's trees send a missing value/],
    ["isolation-missing", /to which side scikit-learn's trees send a missing value/],
    ["hgb-boundary", rounded],
    ["hgb-poisson", /the exponential of the poisson loss/],
    ["hgb-gamma", /the exponential of the gamma loss/],
    ["indicator", /the columns of SimpleImputer\(add_indicator=True\)/],
    ["lda-two", /LinearDiscriminantAnalysis with two classes/],
    ["qda", /labels of QuadraticDiscriminantAnalysis/],
    ["svc-scores", /the output probabilities, whose scores are not those of the model, was left out/],
    ["hgb-categories", null, /the output variable is .* where the model's predict is .*A known error: skl2onnx \(1\.20\.0\) writes the sets of categories/],
    ["empty-column", null, /A known error: .*keeps columns without any value/],
    ["knn-distance", null, /where the model's predict is .*A known error: skl2onnx \(1\.20\.0\) leaves out the weights of nearest neighbours/],
    ["knn-votes", null, /where the model's predict_proba is .*A known error: skl2onnx \(1\.20\.0\) leaves out the weights of nearest neighbours/],
    ["bagging", null, /has the shape \[5(, \d)?\] when \d+ rows are asked.*A known error: .*as many rows as there are estimators/],
  ],
  boosted: [
    ["lgb-boundary", rounded],
    ["lgb-sqrt", /the square of LightGBM's reg_sqrt/],
    ["lgb-sigmoid", /LightGBM's sigmoid=2/],
    ["lgb-ova", /one logistic function per class of LightGBM's multiclassova/],
    ["lgb-rf", /the mean over the trees/],
    ["lgb-rf-two", /the mean over the trees/],
    ["lgb-rf-three", /the mean over the trees/],
    ["xgb-logistic", /the logistic function of XGBoost's reg:logistic/],
    ["xgb-softmax", /the softmax of XGBoost's multi:softmax/],
    ["xgb-names", /XGBoost's columns by their position/],
    ["cat-poisson", /the exponential of CatBoost's Poisson loss/],
    ["cat-tweedie", /the exponential of CatBoost's Tweedie loss/],
    ["cat-ova", /one logistic function per class of CatBoost's MultiClassOneVsAll/],
    ["lgb-linear-tree", null, /A known error: onnxmltools \(1\.16\.0\) drops the linear models/],
    ["lgb-zero", null, /A known error: onnxmltools \(1\.16\.0\) leaves out LightGBM's zero_as_missing/],
    ["xgb-dart", null, /skl2onnx and onnxmltools cannot convert this model/],
    ["cat-multilogloss", null, /A known error: CatBoost's export \(1\.2\.10\) makes the independent probabilities of MultiLogloss sum to 1/],
    ["cat-threshold", null, /the output label is .*A known error: CatBoost's export \(1\.2\.10\) leaves out set_probability_threshold/],
    ["cat-multirmse", null, /ONNX Runtime cannot load it: .*A known error: CatBoost's export \(1\.2\.10\) of models with several numbers/],
    ["cat-uncertainty", null, /ONNX Runtime cannot load it: .*A known error: CatBoost's export \(1\.2\.10\) of models with several numbers/],
  ],
};

interface Outcome {
  readonly code: number;
  readonly said: { readonly error?: { readonly message: string }; readonly compared?: { readonly made: number; readonly share: number; readonly differentLabels: number; readonly mended: readonly string[] } };
}

describe.each(Object.keys(known))("known errors of converters: %s", (group) => {
  const outcomes = new Map<string, Outcome>();
  let check: (names: readonly string[]) => Promise<unknown>;
  let versions: (model: string) => Promise<readonly number[]>;

  // The server lives as long as the first test, so all is done in it; the others read what came of it.
  test("are mended, and then equal to the library on rows of the library's own; or nothing is registered", async () => {
    const python = await pythonWith("convert-known", [...common, ...boosted]);
    const home = await temporaryFolder();
    const { url } = await startMillrace(home);
    const settings = { MODELS: group, MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0", MLFLOW_DISABLE_TELEMETRY: "true", MLFLOW_TRACKING_URI: url };
    const names = known[group].map(([model]) => model);
    await runScript(python, session, { ...settings, NAMES: names.join(",") });
    const waiting = [...names];
    const convertAll = async (): Promise<void> => {
      for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
        const { code, out, err } = await millrace(["models", "convert", name, "1", "--python", python, "--json", "--home", home]);
        outcomes.set(name, { code, said: JSON.parse(out.trim().split("\n").at(-1) || err.trim().split("\n").at(-1)!) as Outcome["said"] });
      }
    };
    await Promise.all([convertAll(), convertAll()]);
    versions = async (model) => ((await (await fetch(`${url}/api/registry/models/${model}`)).json()) as { versions: number[] }).versions;
    check = async (mended) => JSON.parse(await runScript(python, session, { ...settings, CHECK: mended.join(",") }));
    const mended = known[group].filter(([, words]) => words !== null).map(([model]) => model);
    expect(Object.fromEntries(await Promise.all(names.map(async (model) => [model, (await versions(model)).length] as const)))).toEqual(Object.fromEntries(names.map((model) => [model, mended.includes(model) ? 2 : 1])));
    expect(await check(mended)).toEqual({ done: mended });
  });

  test.each(known[group])("%s", (model, mended, refused?: RegExp) => {
    const { code, said } = outcomes.get(model)!;
    if (mended === null) {
      expect(code).not.toBe(0);
      expect(said.error!.message).toMatch(refused!);
    } else {
      expect(said).toMatchObject({ compared: { differentLabels: 0 } });
      expect(said.compared!.mended.join("; ")).toMatch(mended);
      expect(said.compared!.made).toBeGreaterThan(100);
      expect(said.compared!.share).toBeLessThan(1e-5);
    }
  });
});
