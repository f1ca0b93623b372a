import { describe, expect, test } from "vitest";
import { recordRun } from "../tracking/tracking.ts";
import { openProtocol, startRun } from "../../test/open-protocol.ts";

describe("the shape of the protocol", () => {
  test("every RPC is served below /api and /ajax-api; numbers are numbers, empty lists are left out", async () => {
    const { get, post } = await openProtocol();
    const { body } = await post("experiments/create", { name: "e" });
    expect(body).toEqual({ experiment_id: "1" });
    const expected = { experiment: { experiment_id: "1", name: "e", artifact_location: "mlflow-artifacts:/1", lifecycle_stage: "active", creation_time: 1000, last_update_time: 1000 } };
    expect(await get("experiments/get?experiment_id=1")).toEqual({ status: 200, body: expected });
    expect(await get("/ajax-api/2.0/mlflow/experiments/get?experiment_id=1")).toEqual({ status: 200, body: expected });
  });

  test("what is not served answers ENDPOINT_NOT_FOUND, below both roots and both versions", async () => {
    const { get, post } = await openProtocol();
    for (const path of ["/api/2.0/mlflow/nothing", "/ajax-api/3.0/mlflow/label-schemas/x", "/api/3.0/mlflow/label-schemas/create", "/api/3.0/mlflow/review-queues/create", "/api/2.0/mlflow/artifacts/presigned-upload-url", "/api/2.0/mlflow-artifacts/nothing/x"]) {
      expect(await post(path, {})).toMatchObject({ status: 404, body: { error_code: "ENDPOINT_NOT_FOUND" } });
    }
    for (const path of ["/api/3.0/mlflow/workspaces", "/api/2.0/mlflow/nothing", "/api/2.0/mlflow-artifacts/nothing/x", "/ajax-api/2.0/mlflow/runs/create"]) {
      expect(await get(path)).toMatchObject({ status: 404, body: { error_code: "ENDPOINT_NOT_FOUND" } });
    }
  });

  test("what the server announces is served, and what is not is not announced", async () => {
    const { get, server } = await openProtocol();
    const { body } = await get("/api/3.0/mlflow/server-info");
    expect(body).toEqual({
      store_type: "SqlStore", workspaces_enabled: false, trace_archival_enabled: false, multipart_uploads_enabled: false, multipart_downloads_enabled: false, artifact_serving_enabled: true,
      presigned_upload_run_id_supported: false, presigned_upload_model_id_supported: false, model_artifact_presigned_downloads_supported: false,
      features_enabled: { gateway: false, scheduled_issue_detection: false }, tracking_auth: "", artifacts_presigned_only: false,
    });
    expect((await get("/ajax-api/3.0/mlflow/server-info")).body).toEqual(body);
    expect((await server.inject("/version")).body).toBe("3.18.0");
    const allowed = await openProtocol({ parallelTransfers: true });
    expect((await allowed.get("/api/3.0/mlflow/server-info")).body).toEqual({ ...body, multipart_uploads_enabled: true, multipart_downloads_enabled: true });
  });

  test("bodies: JSON in a JSON string, strings for numbers, unknown fields; another content type is refused", async () => {
    const protocol = await openProtocol();
    const id = await startRun(protocol);
    const { post, get, server } = protocol;
    expect(await post("runs/log-metric", JSON.stringify(JSON.stringify({ run_id: id, key: "m", value: "0.5", timestamp: "7", step: "3", nobody: 1 })))).toEqual({ status: 200, body: {} });
    expect((await get(`metrics/get-history?run_id=${id}&metric_key=m`)).body).toEqual({ metrics: [{ key: "m", value: 0.5, timestamp: 7, step: 3 }] });
    const form = await server.inject({ method: "POST", url: "/api/2.0/mlflow/experiments/create", headers: { "content-type": "text/plain" }, payload: "{}" });
    expect(form.statusCode).toBe(400);
    expect(form.json()).toMatchObject({ error_code: "INVALID_PARAMETER_VALUE" });
    expect(await post("experiments/create", "{")).toMatchObject({ status: 400, body: { error_code: "BAD_REQUEST" } });
  });

  test("a page of another site may not write", async () => {
    const { server } = await openProtocol();
    const answer = await server.inject({
      method: "POST",
      url: "/api/2.0/mlflow/experiments/create",
      headers: { "content-type": "application/json", origin: "https://evil.example" },
      payload: '{"name": "x"}',
    });
    expect(answer.statusCode).toBe(403);
  });
});

describe("errors have MLflow's codes and words", () => {
  test.each([
    ["experiments/create", { name: "Default" }, 400, "RESOURCE_ALREADY_EXISTS", "already exists"],
    ["experiments/set-experiment-tag", { experiment_id: "0", key: "k", value: "x".repeat(5001) }, 400, "INVALID_PARAMETER_VALUE", "'value' exceeds the maximum length of 5000 characters"],
    ["experiments/delete", { experiment_id: "mine" }, 400, "INVALID_PARAMETER_VALUE", "Invalid experiment ID 'mine'"],
    ["runs/log-inputs", { run_id: "r", datasets: [{ dataset: { name: "x".repeat(501), digest: "d", source_type: "t", source: "s" } }] }, 400, "INVALID_PARAMETER_VALUE", "'name' exceeds the maximum length of 500"],
    ["experiments/create", {}, 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'name'."],
    ["experiments/create", { name: 3 }, 400, "INVALID_PARAMETER_VALUE", "Invalid value 3 for parameter 'name' supplied"],
    ["experiments/create", { name: "x".repeat(501) }, 400, "INVALID_PARAMETER_VALUE", "exceeds the maximum length of 500"],
    ["experiments/create", { name: "x", artifact_location: "file:///a/%2e%2e/b" }, 400, "INVALID_PARAMETER_VALUE", "artifact_location"],
    ["experiments/delete", { experiment_id: "77" }, 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=77 exists"],
    ["experiments/search", {}, 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'max_results'"],
    ["experiments/search", { max_results: 50_001 }, 400, "INVALID_PARAMETER_VALUE", "Invalid value 50001 for parameter 'max_results' supplied"],
    ["runs/search", { experiment_ids: ["0"], max_results: 50_001 }, 400, "INVALID_PARAMETER_VALUE", "Invalid value 50001 for parameter 'max_results' supplied"],
    ["runs/search", { experiment_ids: ["0"], filter: "nothing.x = 1" }, 400, "INVALID_PARAMETER_VALUE", "Invalid entity type 'nothing'"],
    ["runs/search", { experiment_ids: ["0"], filter: "attributes.x = 1" }, 400, "INVALID_PARAMETER_VALUE", "Invalid attribute key 'x' specified"],
    ["runs/search", { experiment_ids: ["0"], filter: "params.x > '1'" }, 400, "INVALID_PARAMETER_VALUE", "Invalid comparator '>'"],
    ["runs/search", { experiment_ids: ["0"], filter: "metrics.x LIKE '1'" }, 400, "INVALID_PARAMETER_VALUE", "Invalid comparator 'LIKE'"],
    ["runs/search", { experiment_ids: ["0"], filter: "params.x = 1" }, 400, "INVALID_PARAMETER_VALUE", "Expected a quoted string value"],
    ["runs/search", { experiment_ids: ["0"], page_token: "?" }, 400, "INVALID_PARAMETER_VALUE", "Invalid page token"],
    ["runs/create", { experiment_id: "77" }, 404, "RESOURCE_DOES_NOT_EXIST", "No Experiment with id=77 exists"],
    ["runs/create", { experiment_id: "0", run_name: "a", tags: [{ key: "mlflow.runName", value: "b" }] }, 400, "INVALID_PARAMETER_VALUE", "different values"],
    ["runs/log-metric", { run_id: "none", key: "a", value: 1, timestamp: 1 }, 404, "RESOURCE_DOES_NOT_EXIST", "Run with id=none not found"],
    ["runs/log-metric", { key: "a", value: 1, timestamp: 1 }, 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'run_id'"],
    ["runs/log-metric", { run_id: "none", key: "a", timestamp: 1 }, 400, "INVALID_PARAMETER_VALUE", "Missing value for required parameter 'value'"],
    ["runs/log-parameter", { run_id: "none", key: "../a", value: "1" }, 400, "INVALID_PARAMETER_VALUE", "must not resolve to other names"],
    ["runs/log-parameter", { run_id: "none", key: "x".repeat(251), value: "1" }, 400, "INVALID_PARAMETER_VALUE", "exceeds the maximum length of 250"],
    ["runs/log-batch", { run_id: "none", params: Array.from({ length: 101 }, (_, at) => ({ key: `${at}`, value: "" })) }, 400, "INVALID_PARAMETER_VALUE", "at most 100 params. Got 101 params"],
    ["runs/log-batch", { run_id: "none", params: [{ key: "a", value: "1" }, { key: "a", value: "2" }] }, 400, "INVALID_PARAMETER_VALUE", "Duplicate parameter keys"],
  ])("%s %j", async (path, body, status, code, text) => {
    const { post } = await openProtocol();
    const answer = await post(path, body);
    expect(answer).toMatchObject({ status, body: { error_code: code } });
    expect(answer.body.message).toContain(text);
  });
});

describe("runs", () => {
  test("a run is made, updated, deleted and restored; on a deleted one nothing is written", async () => {
    const protocol = await openProtocol();
    const { post, get } = protocol;
    const id = await startRun(protocol, { run_name: "first", user_id: "me", tags: [{ key: "t", value: "1" }] });
    expect((await get(`runs/get?run_id=${id}&run_uuid=${id}`)).body).toEqual({
      run: {
        info: { run_id: id, run_uuid: id, run_name: "first", experiment_id: "0", user_id: "me", status: "RUNNING", start_time: 5, artifact_uri: `mlflow-artifacts:/0/${id}/artifacts`, lifecycle_stage: "active" },
        data: { tags: [{ key: "mlflow.runName", value: "first" }, { key: "t", value: "1" }] },
        inputs: {},
        outputs: {},
      },
    });
    const updated = await post("runs/update", { run_id: id, status: "FINISHED", end_time: 9, run_name: "second" });
    expect(updated.body.run_info).toMatchObject({ status: "FINISHED", end_time: 9, run_name: "second" });
    expect((await post("runs/update", { run_id: id, status: "5" })).body.run_info).toMatchObject({ status: "KILLED", end_time: 9 });
    await post("runs/delete", { run_id: id });
    expect((await post("runs/set-tag", { run_id: id, key: "a", value: "b" })).body.message).toBe(`The run ${id} must be in the 'active' state. Current state is deleted.`);
    await post("runs/restore", { run_id: id });
    expect(await post("runs/set-tag", { run_id: id, key: "a", value: "b" })).toEqual({ status: 200, body: {} });
  });

  test("a run without a name gets one, which is also its tag", async () => {
    const protocol = await openProtocol();
    const { run } = (await protocol.get(`runs/get?run_id=${await startRun(protocol)}`)).body;
    expect(run.info.run_name).toMatch(/^[a-z]+-[a-z]+-\d+$/);
    expect(run.data.tags).toEqual([{ key: "mlflow.runName", value: run.info.run_name }]);
  });

  test("a batch that fails at its last part leaves nothing of the others", async () => {
    const protocol = await openProtocol();
    const { post, get } = protocol;
    const id = await startRun(protocol);
    await post("runs/log-parameter", { run_id: id, key: "p", value: "1" });
    const batch = { run_id: id, metrics: [{ key: "m", value: 1, timestamp: 1 }], tags: [{ key: "t", value: "1" }], params: [{ key: "q", value: "1" }, { key: "p", value: "2" }] };
    const answers = await Promise.all([post("runs/log-batch", batch), post("runs/log-batch", { run_id: id, metrics: [{ key: "n", value: 1, timestamp: 1 }] })]);
    expect(answers.map((answer) => answer.status)).toEqual([400, 200]);
    const { data } = (await get(`runs/get?run_id=${id}`)).body.run;
    expect(data.params).toEqual([{ key: "p", value: "1" }]);
    expect(data.metrics.map((metric: { key: string }) => metric.key)).toEqual(["n"]);
    expect(data.tags).toHaveLength(1);
  });

  test.each(["-0.0", '"-0.0"', "-0", "-0e5"])("zero keeps its sign: %s", async (written) => {
    const protocol = await openProtocol();
    const id = await startRun(protocol);
    await protocol.post("runs/log-batch", `{"run_id": "${id}", "metrics": [{"key": "a", "value": ${written}, "timestamp": 7}, {"key": "b", "value": 0, "timestamp": 7}]}`);
    const ask = async (path: string) => (await protocol.server.inject(`/api/2.0/mlflow/${path}`)).body;
    expect(await ask(`runs/get?run_id=${id}`)).toContain('"key":"a","value":-0.0,');
    expect(await ask(`runs/get?run_id=${id}`)).toContain('"key":"b","value":0,');
    expect(await ask(`metrics/get-history?run_id=${id}&metric_key=a`)).toBe('{"metrics":[{"key":"a","value":-0.0,"timestamp":7,"step":0}]}');
    for (const filter of ["metrics.a = 0", "metrics.a >= 0 AND metrics.a <= 0", "metrics.a != 1", "metrics.b = -0.0"]) {
      expect((await protocol.post("runs/search", { experiment_ids: ["0"], filter })).body.runs).toHaveLength(1);
    }
  });

  test("a bare NaN is a NaN, at the time and step it was given", async () => {
    const protocol = await openProtocol();
    const id = await startRun(protocol);
    for (let again = 0; again < 2; again++) {
      await protocol.post("runs/log-batch", `{"run_id": "${id}", "metrics": [{"key": "a", "value": NaN, "timestamp": 7, "step": 2}, {"key": "b", "value": 1e400, "timestamp": 7}]}`);
    }
    expect((await protocol.get(`runs/get?run_id=${id}`)).body.run.data.metrics).toEqual([
      { key: "a", value: "NaN", timestamp: 7, step: 2 },
      { key: "b", value: "Infinity", timestamp: 7, step: 0 },
    ]);
    expect((await protocol.get(`metrics/get-history?run_id=${id}&metric_key=a`)).body.metrics).toHaveLength(1);
  });

  test("what a pipeline recorded is a run of an experiment", async () => {
    const { house, post } = await openProtocol();
    await recordRun(house.db, { id: "p1", experiment: "bike", name: "p1", status: "finished", startedAt: 1, endedAt: 2, params: { a: "1" }, tags: {}, metrics: [], artifacts: [], lineage: [] });
    const found = await post("runs/search", { experiment_ids: ["1"], filter: "params.a = '1' and status = 'FINISHED'" });
    expect(found.body.runs[0].info).toMatchObject({ run_id: "p1", status: "FINISHED", artifact_uri: "mlflow-artifacts:/1/p1/artifacts" });
  });
});

test("histories come in pages, in bulk and sampled", async () => {
  const protocol = await openProtocol();
  const { post, get } = protocol;
  const [one, two] = [await startRun(protocol), await startRun(protocol)];
  for (const [id, count] of [[one, 10], [two, 20]] as const) {
    await post("runs/log-batch", { run_id: id, metrics: Array.from({ length: count }, (_, step) => ({ key: "m", value: step, step, timestamp: 1 })) });
  }
  const steps = (answer: { body: { metrics: { step: number; run_id: string }[] } }, id?: string) => answer.body.metrics.filter((metric) => id === undefined || metric.run_id === id).map((metric) => metric.step);
  const first = await get(`metrics/get-history?run_id=${one}&metric_key=m&max_results=4`);
  expect(steps(first)).toEqual([0, 1, 2, 3]);
  expect(steps(await get(`metrics/get-history?run_id=${one}&metric_key=m&max_results=6&page_token=${first.body.next_page_token}`))).toEqual([4, 5, 6, 7, 8, 9]);
  const sampled = await get(`metrics/get-history-bulk-interval?run_ids=${one}&run_ids=${two}&metric_key=m&max_results=5`);
  expect(steps(sampled, one)).toEqual([0, 4, 8, 9]);
  expect(steps(sampled, two)).toEqual([0, 4, 8, 9, 12, 16, 19]);
  expect(steps(await get(`metrics/get-history-bulk-interval?run_ids=${two}&metric_key=m&start_step=3&end_step=5&max_results=5`))).toEqual([3, 4, 5]);
  expect(steps(await get(`/ajax-api/2.0/mlflow/metrics/get-history-bulk?run_id=${one}&run_id=${two}&metric_key=m&max_results=12`))).toHaveLength(12);
});
