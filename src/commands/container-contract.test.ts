import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { makeFolder, putModel } from "../serving/gateway/fixtures/own-gateway.ts";
import { containerContract } from "./container-contract.ts";

/** A root with SageMaker's folders, models laid out in every way. */
async function root(): Promise<string> {
  const folder = await makeFolder();
  await putModel("trips-1", join(folder, "opt/ml/model/trips/1/model.onnx"));
  await putModel("trips-1", join(folder, "file/model.onnx"));
  await putModel("trips-1", join(folder, "versions/1/model.onnx"));
  await mkdir(join(folder, "mlflow/data"), { recursive: true });
  await writeFile(join(folder, "mlflow/MLmodel"), "flavors: {}");
  await mkdir(join(folder, "empty"));
  return folder;
}

const vertex = { AIP_HTTP_PORT: "5234", AIP_HEALTH_ROUTE: "/health", AIP_PREDICT_ROUTE: "/predict" };

describe("what a platform asks of a container", () => {
  test("nothing outside of one", async () => {
    expect(await containerContract({ PATH: "/bin" }, { serve: false, named: false })).toBeUndefined();
  });

  test.each<[what: string, env: Record<string, string>, serve: boolean, named: boolean, found: object]>([
    ["SageMaker's argument", {}, true, false, { platform: "SageMaker", host: "0.0.0.0", grpcPort: "off", repository: "ROOT/opt/ml/model" }],
    ["SageMaker's port, and models named by hand", { SAGEMAKER_BIND_TO_PORT: "8000" }, false, true, { platform: "SageMaker", host: "0.0.0.0", port: 8000, grpcPort: "off" }],
    ["SageMaker's free ports", { SAGEMAKER_SAFE_PORT_RANGE: "8080-9000", SAGEMAKER_TRITON_DEFAULT_MODEL_NAME: "trips" }, true, false, { platform: "SageMaker", host: "0.0.0.0", grpcPort: "8081", repository: "ROOT/opt/ml/model", defaultModel: "trips" }],
    ["no free port", { SAGEMAKER_SAFE_PORT_RANGE: "8080-8080" }, true, true, { platform: "SageMaker", host: "0.0.0.0", grpcPort: "off" }],
    ["several models", { SAGEMAKER_MULTI_MODEL: "true" }, true, false, { platform: "SageMaker", host: "0.0.0.0", grpcPort: "off", multiModel: true, places: ["ROOT/opt/ml/models"] }],
    ["Vertex AI's variables", vertex, false, true, { platform: "Vertex AI", host: "0.0.0.0", port: 5234, grpcPort: "off", vertexRoutes: { predict: "/predict", health: "/health" } }],
    ["Vertex AI's model in a folder", { ...vertex, AIP_STORAGE_URI: "ROOT/versions" }, false, false, { platform: "Vertex AI", host: "0.0.0.0", port: 5234, grpcPort: "off", model: "ROOT/versions", vertexRoutes: { predict: "/predict", health: "/health" } }],
    ["a bucket beside models named by hand", { ...vertex, AIP_STORAGE_URI: "gs://bucket/x" }, false, true, { platform: "Vertex AI", host: "0.0.0.0", port: 5234, grpcPort: "off", vertexRoutes: { predict: "/predict", health: "/health" } }],
    ["Azure ML's file", { AZUREML_MODEL_DIR: "ROOT/file" }, false, false, { platform: "Azure ML", host: "0.0.0.0", model: "ROOT/file" }],
    ["Azure ML's MLflow model", { AZUREML_MODEL_DIR: "ROOT/mlflow" }, false, false, { platform: "Azure ML", host: "0.0.0.0", model: "ROOT/mlflow" }],
    ["Azure ML's folder of models", { AZUREML_MODEL_DIR: "ROOT/opt/ml/model" }, false, false, { platform: "Azure ML", host: "0.0.0.0", repository: "ROOT/opt/ml/model" }],
  ])("%s", async (_, env, serve, named, found) => {
    const at = await root();
    const within = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.replace("ROOT", at)]));
    expect(JSON.parse(JSON.stringify(await containerContract(within, { serve, named, root: at })).replaceAll(at, "ROOT"))).toEqual(found);
  });

  test.each<[what: string, env: Record<string, string>, message: RegExp]>([
    ["a port that is none", { SAGEMAKER_BIND_TO_PORT: "much" }, /SAGEMAKER_BIND_TO_PORT is "much"/],
    ["a range that is none", { SAGEMAKER_BIND_TO_PORT: "8080", SAGEMAKER_SAFE_PORT_RANGE: "9000" }, /must be FIRST-LAST/],
    ["one route of two", { AIP_PREDICT_ROUTE: "/predict" }, /AIP_HEALTH_ROUTE is not set/],
    ["the other route", { AIP_HEALTH_ROUTE: "/health" }, /AIP_PREDICT_ROUTE is not set/],
    ["a model in a bucket", { ...vertex, AIP_STORAGE_URI: "gs://bucket/model" }, /gs:\/\/bucket\/model, and models are not fetched/],
    ["a folder that is not there", { AZUREML_MODEL_DIR: "/nowhere/at/all" }, /AZUREML_MODEL_DIR is \/nowhere\/at\/all, which cannot be read/],
    ["an empty folder", { AZUREML_MODEL_DIR: "ROOT/empty" }, /is empty/],
  ])("%s is said so", async (_, env, message) => {
    const at = await root();
    const within = Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.replace("ROOT", at)]));
    await expect(containerContract(within, { serve: false, named: false, root: at })).rejects.toThrow(message);
  });
});
