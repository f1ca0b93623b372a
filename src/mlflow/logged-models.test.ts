import { expect, test } from "vitest";
import { openProtocol, startRun, type Protocol } from "../../test/open-protocol.ts";

async function logged({ post }: Protocol, body: object = {}): Promise<string> {
  return (await post("logged-models", { experiment_id: "0", ...body })).body.model.info.model_id as string;
}

test("a logged model from its begin to its registration", async () => {
  const protocol = await openProtocol();
  const { post, get, server } = protocol;
  const run = await startRun(protocol);
  const id = await logged(protocol, { name: "net", model_type: "x", source_run_id: run, params: [{ key: "p", value: "1" }], tags: [{ key: "t", value: "u" }] });
  expect((await get(`logged-models/${id}`)).body.model).toEqual({
    info: {
      model_id: id,
      experiment_id: "0",
      name: "net",
      creation_timestamp_ms: 1000,
      last_updated_timestamp_ms: 1000,
      artifact_uri: `mlflow-artifacts:/0/models/${id}/artifacts`,
      status: "LOGGED_MODEL_PENDING",
      model_type: "x",
      source_run_id: run,
      tags: [{ key: "t", value: "u" }],
    },
    data: { params: [{ key: "p", value: "1" }] },
  });
  const patched = await server.inject({ method: "PATCH", url: `/api/2.0/mlflow/logged-models/${id}`, headers: { "content-type": "application/json" }, payload: '{"status": "LOGGED_MODEL_READY"}' });
  expect(patched.json()).toMatchObject({ model: { info: { status: "LOGGED_MODEL_READY" } } });
  await post("runs/log-metric", { run_id: run, key: "acc", value: 0.5, timestamp: 7, step: 2, model_id: id, dataset_name: "d", dataset_digest: "e" });
  const metric = { key: "acc", value: 0.5, timestamp: 7, step: 2, model_id: id, run_id: run, dataset_name: "d", dataset_digest: "e" };
  expect((await get(`logged-models/${id}`)).body.model.data.metrics).toEqual([metric]);
  await post("registered-models/create", { name: "mill" });
  await post("model-versions/create", { name: "mill", source: `models:/${id}`, model_id: id });
  const { info } = (await get(`logged-models/${id}`)).body.model;
  expect(info.registrations).toEqual([{ name: "mill", version: "1" }]);
  expect(info.tags).toContainEqual({ key: "mlflow.modelVersions", value: '[{"name": "mill", "version": 1}]' });
  expect((await get("model-versions/get?name=mill&version=1")).body.model_version).toMatchObject({ run_id: run, model_id: id, model_params: [{ name: "p", value: "1" }], model_metrics: [metric] });
  expect((await get("model-versions/get-download-uri?name=mill&version=1")).body).toEqual({ artifact_uri: info.artifact_uri });
});

test("its files go up, are listed and come down; a deleted model is found only by who asks for deleted ones", async () => {
  const protocol = await openProtocol();
  const { get, server } = protocol;
  const id = await logged(protocol);
  await server.inject({ method: "PUT", url: `/api/2.0/mlflow-artifacts/artifacts/0/models/${id}/artifacts/data/MLmodel`, payload: "flavors: {}" });
  expect((await get(`logged-models/${id}/artifacts/directories`)).body).toEqual({ root_uri: `mlflow-artifacts:/0/models/${id}/artifacts`, files: [{ path: "data", is_dir: true }] });
  expect((await get(`logged-models/${id}/artifacts/directories?artifact_directory_path=data`)).body.files).toEqual([{ path: "data/MLmodel", is_dir: false, file_size: 11 }]);
  expect((await server.inject(`/ajax-api/2.0/mlflow/logged-models/${id}/artifacts/files?artifact_file_path=data/MLmodel`)).body).toBe("flavors: {}");
  expect((await server.inject({ method: "DELETE", url: `/api/2.0/mlflow/logged-models/${id}` })).statusCode).toBe(200);
  expect(await get(`logged-models/${id}`)).toMatchObject({ status: 404, body: { error_code: "RESOURCE_DOES_NOT_EXIST" } });
  expect((await get(`logged-models/${id}?allow_deleted=true`)).status).toBe(200);
});

test.each(["a/b", "a:b", "a.b", "100%", "it's"])("%j is no name of a logged model", async (name) => {
  const { post } = await openProtocol();
  expect(await post("logged-models", { experiment_id: "0", name })).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
});

test.each<[object, string[] | RegExp]>([
  [{}, ["c", "b", "a"]],
  [{ max_results: 2 }, ["c", "b"]],
  [{ filter: "name = 'b'" }, ["b"]],
  [{ filter: "metrics.acc > 0.15" }, ["c", "b"]],
  [{ filter: "metrics.acc > 0.15", datasets: [{ dataset_name: "d1" }] }, ["b"]],
  [{ datasets: [{ dataset_name: "d1" }, { dataset_name: "d2" }] }, ["c", "b"]],
  [{ filter: "params.n IN ('0', '2') AND status = 'PENDING'" }, ["c", "a"]],
  [{ filter: "NOT name = 'b'" }, ["c", "a"]],
  [{ order_by: [{ field_name: "metrics.acc" }] }, ["a", "b", "c"]],
  [{ order_by: [{ field_name: "metrics.acc", dataset_name: "d2", ascending: false }] }, ["c", "b", "a"]],
  [{ order_by: [{ field_name: "params.n" }] }, /Only metrics/],
  [{ filter: "weight = 1" }, /Invalid attribute/],
])("search %j", async (search, expected) => {
  const protocol = await openProtocol();
  const run = await startRun(protocol);
  for (const [index, name] of ["a", "b", "c"].entries()) {
    protocol.clock.advanceTo(2000 + index);
    const id = await logged(protocol, { name, params: [{ key: "n", value: String(index) }] });
    await protocol.post("runs/log-metric", { run_id: run, key: "acc", value: (index + 1) / 10, timestamp: 1, model_id: id, dataset_name: `d${index}` });
  }
  const { body } = await protocol.post("logged-models/search", { experiment_ids: ["0"], ...search });
  if (expected instanceof RegExp) expect(body.message).toMatch(expected);
  else expect(body.models.map((model: { info: { name: string } }) => model.info.name)).toEqual(expected);
});

test.each<[object, string[]]>([
  [{ filter: "metrics.loss != 0.5" }, ["nan", "inf"]],
  [{ filter: "metrics.loss NOT IN (0.5)" }, ["nan", "inf"]],
  [{ filter: "metrics.loss < 1" }, ["half"]],
  [{ filter: "metrics.loss = 0" }, []],
  [{ filter: "metrics.loss >= 0" }, ["inf", "half"]],
  [{ filter: "metrics.loss = 9" }, []],
  [{ filter: "metrics.loss = 9", datasets: [{ dataset_name: "early" }] }, ["half"]],
  [{ filter: "metrics.loss IS NULL" }, ["none"]],
  [{ filter: "metrics.loss IS NOT NULL" }, ["nan", "inf", "half"]],
  [{ filter: "experiment_id = '0' AND metrics.'loss' = 0.5" }, ["half"]],
  [{ order_by: [{ field_name: "metrics.loss" }] }, ["half", "inf", "nan", "none"]],
  [{ order_by: [{ field_name: "metrics.loss", ascending: false }] }, ["inf", "half", "nan", "none"]],
  [{ order_by: [{ field_name: "metrics.loss", ascending: false, dataset_name: "early" }] }, ["half", "none", "nan", "inf"]],
])("the metric of a model is its latest value, by step, and NaN is no number: %j", async (search, expected) => {
  const protocol = await openProtocol();
  const run = await startRun(protocol);
  for (const [index, [name, value]] of [["half", 0.5], ["inf", "Infinity"], ["nan", "NaN"], ["none", undefined]].entries()) {
    protocol.clock.advanceTo(2000 + index);
    const id = await logged(protocol, { name });
    const log = (more: object) => protocol.post("runs/log-metric", { run_id: run, key: "loss", model_id: id, timestamp: 1, ...more });
    if (value !== undefined) await log({ value, step: 7 });
    if (name === "half") await log({ value: 9, step: 3, timestamp: 5, dataset_name: "early" });
  }
  const { body } = await protocol.post("logged-models/search", { experiment_ids: ["0"], ...search });
  expect((body.models ?? []).map((model: { info: { name: string } }) => model.info.name)).toEqual(expected);
});

test("a page token goes on where the page ended, and belongs to its search", async () => {
  const protocol = await openProtocol();
  for (const name of ["a", "b", "c"]) {
    protocol.clock.advanceTo(protocol.clock.now() + 1);
    await logged(protocol, { name });
  }
  const search = { experiment_ids: ["0"], max_results: 2 };
  const { next_page_token: token } = (await protocol.post("logged-models/search", search)).body;
  expect((await protocol.post("logged-models/search", { ...search, page_token: token })).body.models).toMatchObject([{ info: { name: "a" } }]);
  expect(await protocol.post("logged-models/search", { ...search, filter: "name = 'a'", page_token: token })).toMatchObject({ status: 400 });
});
