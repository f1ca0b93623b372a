import { describe, expect, test } from "vitest";
import { setAliasPolicy } from "../registry/aliases.ts";
import { newVersion } from "../registry/fixtures/open-registry.ts";
import { registerVersion } from "../registry/registry.ts";
import { recordRun } from "../tracking/tracking.ts";
import { openProtocol, startRun, type Protocol } from "../../test/open-protocol.ts";

const send = async ({ server }: Protocol, method: "PATCH" | "DELETE", path: string, body: unknown) => {
  const answer = await server.inject({ method, url: `/api/2.0/mlflow/${path}`, headers: { "content-type": "application/json" }, payload: JSON.stringify(body) });
  return { status: answer.statusCode, body: JSON.parse(answer.body) as unknown };
};

async function withModel(): Promise<Protocol> {
  const protocol = await openProtocol();
  await protocol.post("registered-models/create", { name: "mill", tags: [{ key: "team", value: "water" }] });
  return protocol;
}

const version = (protocol: Protocol, body: object = {}) => protocol.post("model-versions/create", { name: "mill", source: "mlflow-artifacts:/0/r/artifacts/m", ...body });

test("a model, its version and its alias, as clients see them", async () => {
  const protocol = await withModel();
  expect((await version(protocol, { run_id: "r", tags: [{ key: "k", value: "v" }], description: "first" })).body).toEqual({
    model_version: {
      name: "mill",
      version: "1",
      creation_timestamp: 1000,
      last_updated_timestamp: 1000,
      current_stage: "None",
      description: "first",
      source: "mlflow-artifacts:/0/r/artifacts/m",
      run_id: "r",
      status: "READY",
      run_link: "",
      tags: [{ key: "k", value: "v" }],
    },
  });
  expect(await protocol.post("registered-models/alias", { name: "mill", alias: "best", version: "1" })).toEqual({ status: 200, body: {} });
  expect((await protocol.get("registered-models/alias?name=mill&alias=best")).body).toMatchObject({ model_version: { version: "1", aliases: ["best"] } });
  expect((await protocol.get("registered-models/alias?name=mill&alias=latest")).body).toMatchObject({ model_version: { version: "1" } });
  expect((await protocol.get("registered-models/get?name=mill")).body).toMatchObject({
    registered_model: { name: "mill", tags: [{ key: "team", value: "water" }], aliases: [{ alias: "best", version: "1" }], latest_versions: [{ version: "1" }] },
  });
  expect(await send(protocol, "PATCH", "model-versions/update", { name: "mill", version: "1", description: "better" })).toMatchObject({ body: { model_version: { description: "better" } } });
  expect(await send(protocol, "DELETE", "model-versions/delete", { name: "mill", version: "1" })).toEqual({ status: 200, body: {} });
  expect(await protocol.get("model-versions/get?name=mill&version=1")).toMatchObject({ status: 404, body: { error_code: "RESOURCE_DOES_NOT_EXIST" } });
});

test.each([
  ["registered-models/create", { name: "mill" }, 400, "RESOURCE_ALREADY_EXISTS", "already exists"],
  ["registered-models/create", { name: "a/b" }, 400, "INVALID_PARAMETER_VALUE", "cannot contain"],
  ["registered-models/alias", { name: "mill", alias: "v3", version: "1" }, 400, "INVALID_PARAMETER_VALUE", "reserved"],
  ["registered-models/alias", { name: "mill", alias: "x", version: "7" }, 404, "RESOURCE_DOES_NOT_EXIST", "version=7"],
  ["model-versions/set-tag", { name: "mill", version: "one", key: "k", value: "v" }, 400, "INVALID_PARAMETER_VALUE", "Parameter 'version' must be an integer, got 'one'."],
  ["model-versions/transition-stage", { name: "mill", version: "1", stage: "limbo" }, 400, "INVALID_PARAMETER_VALUE", "Invalid Model Version stage"],
  ["model-versions/create", { name: "nobody", source: "s3://b/m" }, 404, "RESOURCE_DOES_NOT_EXIST", "name=nobody"],
])("%s of %j is refused", async (path, body, status, code, message) => {
  const protocol = await withModel();
  await version(protocol);
  const answer = await protocol.post(path, body);
  expect(answer).toMatchObject({ status, body: { error_code: code } });
  expect(answer.body.message).toContain(message);
});

test("an alias with a policy does not move to a version that does not keep it", async () => {
  const protocol = await withModel();
  await version(protocol);
  await setAliasPolicy(protocol.house.db, { model: "mill", alias: "champion", time: 1, actor: "ada", reason: "" }, ["gate"]);
  expect(await protocol.post("registered-models/alias", { name: "mill", alias: "champion", version: "1" })).toMatchObject({ status: 403, body: { error_code: "PERMISSION_DENIED" } });
});

describe("a version's source", () => {
  test.each(["/etc", "file:///etc/passwd", "file://elsewhere/share/m", "etc/passwd", "mlflow-artifacts:/0/../../x", "s3://b/%252e%252e/x", "https://h/a\u0000", "models:/mill@nothing", "models:/mill", "models:/mill/limbo", "models:/mill/Staging", "runs:/another/m"])(
    "%j is refused",
    async (source) => {
      const protocol = await withModel();
      const id = await startRun(protocol);
      expect(await version(protocol, { source, run_id: id })).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
    },
  );

  test.each(["models:/nobody/1", "models:/mill/7", "models:/nobody@best"])("%j names nothing that is there", async (source) => {
    expect(await version(await withModel(), { source })).toMatchObject({ status: 404, body: { error_code: "RESOURCE_DOES_NOT_EXIST" } });
  });

  test.each([
    ["models:/mill/1", {}],
    ["models:/mill/1", { run_id: "r1" }],
    ["models:/mill@best", {}],
    ["models:/mill/latest", {}],
    ["models:/mill/Production", {}],
    ["models:/mill/none", { run_id: "r2", version: "2" }],
  ])("a version of %s is of the same run and has the same files (%j)", async (source, { version: expected = "1", ...request }: { run_id?: string; version?: string }) => {
    const protocol = await withModel();
    await version(protocol, { source: "s3://bucket/model1", run_id: "r1" });
    if (expected === "2") await version(protocol, { source: "s3://bucket/model2", run_id: "r2" });
    await protocol.post("registered-models/alias", { name: "mill", alias: "best", version: "1" });
    if (source.endsWith("Production")) await protocol.post("model-versions/transition-stage", { name: "mill", version: "1", stage: "Production" });
    await protocol.post("registered-models/create", { name: "copy" });
    const { body } = await protocol.post("model-versions/create", { name: "copy", source, ...request });
    expect(body.model_version).toMatchObject({ version: "1", source: `models:/mill/${expected}`, run_id: `r${expected}` });
    expect((await protocol.get("model-versions/get-download-uri?name=copy&version=1")).body).toEqual({ artifact_uri: `s3://bucket/model${expected}` });
    await protocol.post("registered-models/create", { name: "copy2" });
    expect((await protocol.post("model-versions/create", { name: "copy2", source: "models:/copy/1" })).body.model_version).toMatchObject({ run_id: `r${expected}` });
  });

  test("a version of a logged model's version, and one of the logged model itself, know it and its run", async () => {
    const protocol = await withModel();
    const run = await startRun(protocol);
    const id = (await protocol.post("logged-models", { experiment_id: "0", source_run_id: run })).body.model.info.model_id as string;
    await version(protocol, { source: `models:/${id}` });
    expect((await version(protocol, { source: "models:/mill/1" })).body.model_version).toMatchObject({ version: "2", model_id: id, run_id: run });
    expect((await protocol.get(`logged-models/${id}`)).body.model.info.registrations).toEqual([{ name: "mill", version: "1" }, { name: "mill", version: "2" }]);
    expect((await version(protocol, { source: `runs:/${run}/model` })).body.model_version).toMatchObject({ version: "3", run_id: run });
  });

  test("a version of one that was trained here has its run and its files", async () => {
    const protocol = await openProtocol();
    const { db, blobs } = protocol.house;
    // What is registered was trained on all rows; what was evaluated, without the held-out ones.
    const [evaluated, blob] = [await blobs.put(Buffer.from("evaluated")), await blobs.put(Buffer.from("graph"))];
    await recordRun(db, { id: "p1", experiment: "iris", name: "p1", status: "finished", startedAt: 1, endedAt: 2, params: {}, tags: {}, metrics: [], artifacts: [{ path: "model.onnx", ...evaluated }], lineage: [] });
    await registerVersion(db, newVersion("iris", "p1", { artifact: blob }));
    await protocol.post("registered-models/create", { name: "copy" });
    expect((await protocol.post("model-versions/create", { name: "copy", source: "models:/iris/1" })).body.model_version).toMatchObject({ version: "1", source: "models:/iris/1", run_id: "p1" });
    const uri = async (name: string) => (await protocol.get(`model-versions/get-download-uri?name=${name}&version=1`)).body.artifact_uri as string;
    expect(await uri("copy")).toBe("mlflow-artifacts:/1/p1/artifacts/model");
    expect(await uri("copy")).toBe(await uri("iris"));
    expect((await protocol.server.inject("/get-artifact?run_uuid=p1&path=model/model.onnx")).body).toBe("graph");
    for (const name of ["iris", "copy"]) expect((await protocol.server.inject(`/model-versions/get-artifact?name=${name}&version=1&path=model.onnx`)).body).toBe("graph");
  });

  test.each([
    [{ source: "models:/mill/1", run_id: "another" }, /'models:\/mill\/1'. Its run_id is 'r1', and the request says 'another'/],
    [{ source: "models:/mill/1", model_id: `m-${"0".repeat(32)}` }, /Its model_id is not known/],
    [{ source: "models:/ask/1" }, /Prompt versions cannot be used/],
  ])("%j, which contradicts itself, is refused", async (request, expected) => {
    const protocol = await withModel();
    await version(protocol, { run_id: "r1" });
    await protocol.post("registered-models/create", { name: "ask", tags: [{ key: "mlflow.prompt.is_prompt", value: "true" }] });
    expect(await version(protocol, request)).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE", message: expect.stringMatching(expected) } });
  });
});

describe("searches", () => {
  async function searched(path: "registered-models" | "model-versions", query: Record<string, string>) {
    const protocol = await openProtocol();
    for (const [index, name] of ["ada", "bea", "cleo"].entries()) {
      protocol.clock.advanceTo(2000 + index);
      await protocol.post("registered-models/create", { name, tags: [{ key: "n", value: String(index) }] });
      await protocol.post("model-versions/create", { name, source: `s3://b/${name}`, run_id: `r${index}` });
    }
    if (path === "model-versions") {
      await protocol.post("registered-models/create", { name: "dora" });
      await protocol.post("model-versions/create", { name: "dora", source: "s3://b/dora" });
    }
    await protocol.post("registered-models/create", { name: "ask", tags: [{ key: "mlflow.prompt.is_prompt", value: "true" }] });
    const { status, body } = await protocol.get(`${path}/search?${new URLSearchParams(query).toString()}`);
    return status === 200 ? ((body.registered_models ?? body.model_versions ?? []) as { name: string }[]).map((one) => one.name) : body.message;
  }
  test.each<["registered-models" | "model-versions", Record<string, string>, string[] | RegExp]>([
    ["registered-models", {}, ["ada", "bea", "cleo"]],
    ["registered-models", { order_by: "timestamp DESC" }, ["cleo", "bea", "ada"]],
    ["registered-models", { filter: "name ILIKE '%EA'" }, ["bea"]],
    ["registered-models", { filter: "tags.n != '1'" }, ["ada", "cleo"]],
    ["registered-models", { filter: "tags.n = '0' OR name = 'cleo'" }, ["ada", "cleo"]],
    ["registered-models", { filter: "tags.`mlflow.prompt.is_prompt` = 'true'" }, ["ask"]],
    ["registered-models", { filter: "tags.`mlflow.prompt.is_prompt` != 'true' AND name LIKE 'a%'" }, ["ada"]],
    ["registered-models", { filter: "flavour = 'x'" }, /Invalid attribute key/],
    ["registered-models", { max_results: "1001" }, /max_results/],
    ["model-versions", { filter: "name != 'dora'" }, ["cleo", "bea", "ada"]],
    ["model-versions", { filter: "run_id IN ('r0', 'r2')", order_by: "name ASC" }, ["ada", "cleo"]],
    ["model-versions", { filter: "source_path = 's3://b/bea' AND version_number >= 1" }, ["bea"]],
    ["model-versions", { filter: "run_id != 'r0'", order_by: "name ASC" }, ["bea", "cleo", "dora"]],
    ["model-versions", { filter: "run_id NOT IN ('r0', 'r2')", order_by: "name ASC" }, ["bea", "dora"]],
    ["model-versions", { filter: "run_id = ''" }, ["dora"]],
    ["model-versions", { filter: "run_id IN ('', 'r1')", order_by: "name ASC" }, ["bea", "dora"]],
    ["model-versions", { filter: "run_id IS NULL" }, ["dora"]],
    ["model-versions", { filter: "run_id LIKE '%'", order_by: "name ASC" }, ["ada", "bea", "cleo", "dora"]],
    ["model-versions", { order_by: "size DESC" }, /Invalid order by key/],
  ])("%s %j", async (path, query, expected) => {
    const found = await searched(path, query);
    if (expected instanceof RegExp) expect(found).toMatch(expected);
    else expect(found).toEqual(expected);
  });
});
