import { createServer } from "node:http";
import { once } from "node:events";
import { mkdir, symlink, writeFile } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { at, makeFolder, putModel, startOwn } from "../../fixtures/own-gateway.ts";
import type { OwnGateway } from "../../fixtures/own-gateway.ts";

type Options = NonNullable<Parameters<typeof startOwn>[2]>;

/** A gateway with a model repository of files that clients may register, on its port or one of its own. */
async function start(more: Options = {}) {
  const folder = await makeFolder();
  const repository = join(folder, "store");
  for (const name of ["trips-1", "trips-2", "amount"]) await putModel(name, join(repository, `${name}.onnx`));
  for (const version of ["1", "2"]) await putModel(`trips-${version}`, join(folder, "elsewhere", version, "model.onnx"));
  // Clients register files; folders of the repository would be served from the start.
  const gateway = await startOwn(join(folder, "home"), {}, { repository, anyPlace: false, ...more });
  const { managementPort } = gateway.address;
  const base = managementPort === undefined ? gateway.url : `http://127.0.0.1:${managementPort}`;
  const ask = (line: string, init: RequestInit = {}) => asked(base, line, init);
  return { ...gateway, folder, repository, base, ask };
}

async function asked(base: string, line: string, init: RequestInit = {}) {
  const [method, path] = line.split(" ");
  const answer = await fetch(base + path, { method, ...init });
  const text = await answer.text();
  return { status: answer.status, body: JSON.parse(text) as Record<string, unknown> };
}

const predicts = async ({ url }: OwnGateway | { url: string }, path: string) =>
  (await asked(url, `POST ${path}`, { body: JSON.stringify({ distance: 1, seats: 1, city: "Oslo" }), headers: { "content-type": "application/json" } })).body["prediction"];

const failed = (code: number, type: string, message: RegExp) => ({ status: code, body: { code, type, message: expect.stringMatching(message) } });

describe("TorchServe management", () => {
  test("the life of a model: registered, described, scaled, a second version, the default moved, unregistered", async () => {
    const gateway = await start();
    const { ask } = gateway;
    expect(await ask("POST /models?url=trips-1.onnx&model_name=trips&model_version=1&synchronous=true&initial_workers=1")).toEqual({ status: 200, body: { status: 'Model "trips" Version: 1 registered with 1 initial workers' } });
    expect(await ask("POST /models?url=trips-2.onnx&model_name=trips&model_version=2&initial_workers=1&synchronous=false")).toEqual({ status: 202, body: { status: "Processing worker updates..." } });
    expect([await predicts(gateway, "/predictions/trips"), await predicts(gateway, "/predictions/trips/2.0")]).toEqual([13, 1013]);
    expect(await ask("POST /models?url=trips-2.onnx&model_name=trips&model_version=2")).toMatchObject(failed(409, "ConflictStatusException", /version 2 is already registered for model trips/));
    expect(await ask("POST /models?url=trips-2.onnx&model_name=trips")).toMatchObject(failed(409, "ConflictStatusException", /already registered/));
    expect(await ask("PUT /models/trips?min_worker=2&synchronous=true")).toEqual({ status: 200, body: { status: "Workers scaled to 2 for model: trips" } });
    expect(await ask("PUT /models/trips/1.0?min_worker=1&synchronous=true")).toEqual({ status: 200, body: { status: "Workers scaled to 1 for model: trips, version: 1.0" } });
    expect(await ask("PUT /models/trips?min_worker=1")).toEqual({ status: 202, body: { status: "Processing worker updates..." } });
    const described = (await ask("GET /models/trips")).body as unknown as object[];
    expect(described).toEqual([expect.objectContaining({ modelName: "trips", modelVersion: "1", modelUrl: join(gateway.repository, "trips-1.onnx"), minWorkers: 1, workers: [expect.objectContaining({ id: "9000", status: "READY" })], jobQueueStatus: { pendingRequests: 0 } })]);
    expect((await ask("GET /models/trips/all")).body).toHaveLength(2);
    expect((await ask("GET /models/trips/2?customized=true")).body).toEqual([expect.objectContaining({ modelVersion: "2", customizedMetadata: { inputs: expect.arrayContaining([{ name: "city", datatype: "BYTES", shape: [-1, 1] }]), outputs: [expect.objectContaining({ name: "prediction" })] } })]);
    expect(await ask("DELETE /models/trips")).toMatchObject(failed(403, "InvalidModelVersionException", /Cannot remove default version for model trips/));
    expect(await ask("PUT /models/trips/2/set-default")).toEqual({ status: 200, body: { status: 'Default version successfully updated for model "trips" to "2"' } });
    expect(await predicts(gateway, "/predictions/trips")).toBe(1013);
    expect(await ask("DELETE /models/trips/1")).toEqual({ status: 200, body: { status: 'Model "trips" unregistered' } });
    expect(await ask("DELETE /models/trips")).toEqual({ status: 200, body: { status: 'Model "trips" unregistered' } });
    expect(await ask("GET /models/trips")).toMatchObject(failed(404, "ModelNotFoundException", /Model not found: trips/));
    expect((await ask("GET /models")).body).toEqual({ models: [] });
    expect(await ask("POST /models?url=trips-2.onnx&model_name=trips")).toMatchObject({ status: 200 });
    expect(await predicts(gateway, "/predictions/trips")).toBe(1013);
  });

  test("models are listed in pages", async () => {
    const { ask } = await start();
    for (const name of ["a", "b", "c"]) await ask(`POST /models?url=amount.onnx&model_name=${name}`);
    const page = async (query: string) => {
      const { models, nextPageToken } = (await ask(`GET /models${query}`)).body as { models: { modelName: string }[]; nextPageToken?: string };
      return [models.map(({ modelName }) => modelName).join(""), nextPageToken];
    };
    expect(await page("")).toEqual(["abc", undefined]);
    expect(await page("?limit=2")).toEqual(["ab", "2"]);
    expect(await page("?limit=2&next_page_token=2")).toEqual(["c", undefined]);
    expect(await page("?limit=&next_page_token=")).toEqual(["abc", undefined]);
    expect(await page("?limit=-1&next_page_token=-1")).toEqual(["abc", undefined]);
    expect(await page("?next_page_token=12")).toEqual(["", undefined]);
  });

  test.each<[line: string, ...ReturnType<typeof args>]>([
    ["POST /models", ...args(400, "BadRequestException", /Parameter url is required/)],
    ["POST /models?url=&model_name=x", ...args(404, "ModelNotFoundException", /empty url/)],
    ["POST /models?url=fake.onnx", ...args(404, "ModelNotFoundException", /Cannot read the model .*fake\.onnx/)],
    ["POST /models?url=densenet161.mar", ...args(400, "BadRequestException", /archives are not unpacked here/)],
    ["POST /models?url=amount.onnx&model_name=m&handler=my_handler", ...args(400, "BadRequestException", /handler "my_handler"/)],
    ["POST /models?url=amount.onnx&model_name=m&runtime=python4", ...args(400, "InvalidModelException", /no runtime "python4"/)],
    ["GET /models/fake", ...args(404, "ModelNotFoundException", /Model not found: fake/)],
    ["GET /models/amount/9", ...args(404, "ModelVersionNotFoundException", /Model version: 9 does not exist for model: amount/)],
    ["PUT /models/fake?min_worker=1", ...args(404, "ModelNotFoundException", /Model not found: fake/)],
    ["PUT /models/amount/9?min_worker=1", ...args(404, "ModelVersionNotFoundException", /version: 9/)],
    ["PUT /models/amount?min_worker=2&max_worker=1", ...args(400, "BadRequestException", /max_worker cannot be less than min_worker/)],
    ["PUT /models/amount?min_worker=0", ...args(400, "BadRequestException", /one worker at least/)],
    ["PUT /models/amount/9/set-default", ...args(404, "ModelVersionNotFoundException", /version: 9/)],
    ["PUT /models/fake/1/set-default", ...args(404, "ModelNotFoundException", /fake/)],
    ["DELETE /models/fake", ...args(404, "ModelNotFoundException", /fake/)],
    ["DELETE /models/amount/9", ...args(404, "ModelVersionNotFoundException", /version: 9/)],
    ["DELETE /models", ...args(405, "MethodNotAllowedException", /takes GET, POST, not DELETE/)],
    ["POST /models/amount", ...args(405, "MethodNotAllowedException", /takes GET, PUT, DELETE/)],
    ["GET /models/amount/1/set-default", ...args(405, "MethodNotAllowedException", /takes PUT/)],
    ["GET /models/amount/1/more", ...args(404, "ResourceNotFoundException", /nothing at GET/)],
  ])("%s is refused", async (line, code, type, message) => {
    const { ask } = await start();
    await ask("POST /models?url=amount.onnx");
    expect(await ask(line)).toMatchObject(failed(code, type, message));
  });

  test("parameters that TorchServe reads leniently are read so", async () => {
    const { ask } = await start();
    for (const query of ["batch_size=dd&initial_workers=-1", "synchronous=-1", "startup_timeout=0", "runtime=python3", "response_timeout=30&max_batch_delay=junk"]) {
      expect(await ask(`POST /models?url=amount.onnx&${query}`), query).toMatchObject({ status: 200 });
      expect(await ask("DELETE /models/amount/?synchronous=nan&timeout=true"), query).toMatchObject({ status: 200 });
    }
    await ask("POST /models?url=amount.onnx");
    for (const query of ["", "?number_gpu=-1", "?min_worker=nan&synchronous=nan", "?timeout=0"]) expect(await ask(`PUT /models/amount${query}`), query).toMatchObject({ status: 202 });
    const described = (await ask("POST /models?url=amount.onnx&model_name=timed&response_timeout=30&startup_timeout=60")) && (await ask("GET /models/timed"));
    expect(described.body).toEqual([expect.objectContaining({ responseTimeout: 30, startupTimeout: 60 })]);
  });

  test("a JSON body says the same as the address; a file address is a path", async () => {
    const { ask, repository } = await start();
    const body = JSON.stringify({ model_name: "m", url: `file://${repository}/amount.onnx`, initial_workers: 1, synchronous: true });
    expect(await ask("POST /models", { body, headers: { "content-type": "application/json" } })).toMatchObject({ status: 200, body: { status: 'Model "m" Version: 1 registered with 1 initial workers' } });
    expect(await ask("POST /models", { body: "[]", headers: { "content-type": "application/json" } })).toMatchObject(failed(400, "BadRequestException", /JSON object/));
  });

  test("under a server that deploys, nothing is changed", async () => {
    const { ask } = await start({ own: undefined as never });
    expect(await ask("POST /models?url=amount.onnx")).toMatchObject(failed(403, "ForbiddenException", /managed by its Millrace server/));
  });
});

function args(code: number, type: string, message: RegExp): [code: number, type: string, message: RegExp] {
  return [code, type, message];
}

describe("who may manage", () => {
  const token = "a token nobody guesses";
  const bearer = (text: string) => ({ headers: { authorization: `Bearer ${text}` } });
  const load = "POST /models?url=amount.onnx";

  test("without a token: this machine's programs, no web page, no other name of the machine", async () => {
    const { ask } = await start();
    expect(await ask(load, { headers: { origin: "http://evil.example" } })).toMatchObject(failed(403, "InvalidKeyException", /Web pages \(of http:\/\/evil\.example\)/));
    expect(await ask("GET /models", { headers: { origin: "null" } })).toMatchObject({ status: 403 });
    expect(await ask(load)).toMatchObject({ status: 200 });
  });

  test("with a token nobody goes without it, over the Open Inference Protocol neither; predictions need none", async () => {
    const gateway = await start({ management: { token } });
    const { ask } = gateway;
    expect(await ask(load)).toMatchObject(failed(401, "InvalidKeyException", /authorization: Bearer/));
    for (const wrong of ["", "wrong", `${token} `.repeat(2)]) expect(await ask("GET /models", bearer(wrong)), wrong).toMatchObject({ status: 401 });
    expect(await ask(load, bearer(token))).toMatchObject({ status: 200 });
    expect(await ask("POST /v2/repository/models/amount/unload")).toMatchObject({ status: 401 });
    expect(await ask("POST /v2/repository/index")).toMatchObject({ status: 200 });
    expect(await ask("POST /predictions/amount", { body: '{"amount":7}' })).toMatchObject({ status: 200, body: { prediction: 7 } });
    const unloaded = await fetch(`${gateway.url}/v2/repository/models/amount/unload`, { method: "POST", ...bearer(token) });
    expect(unloaded.status).toBe(200);
  });

  test("on an address for others there is no management without a token, and all else", async () => {
    const { ask } = await start({ host: "0.0.0.0" });
    for (const line of [load, "GET /models", "GET /models/x", "PUT /models/x", "DELETE /models/x"]) {
      expect(await ask(line), line).toMatchObject(failed(403, "InvalidKeyException", /from this machine only.*--management-token/));
    }
    expect(await ask("GET /v2/models")).toMatchObject({ status: 200 });
  });

  test("a port of its own: management there and nowhere else, no predictions on it, this machine only without a token", async () => {
    const gateway = await start({ host: "0.0.0.0", management: { port: 0 } });
    const { ask, base, url } = gateway;
    expect(base).not.toBe(url);
    expect(await ask(load)).toMatchObject({ status: 200 });
    expect(await asked(url, load)).toMatchObject(failed(403, "InvalidKeyException", new RegExp(`on port ${gateway.address.managementPort}`)));
    expect(await asked(url, "POST /predictions/amount", { body: '{"amount":7}' })).toMatchObject({ status: 200 });
    expect(await ask("GET /v2")).toMatchObject({ status: 404 });
    expect(await ask(load, { headers: { origin: "http://evil.example" } })).toMatchObject({ status: 403 });
  });
});

describe("what was published against TorchServe", () => {
  test("no address is fetched, under whatever scheme (CVE-2023-43654)", async () => {
    const { ask } = await start();
    let fetched = 0;
    const bait = createServer((_, answer) => {
      fetched++;
      answer.end();
    }).listen(0, "127.0.0.1");
    onTestFinished(() => void bait.close());
    await once(bait, "listening");
    const { port } = bait.address() as AddressInfo;
    for (const url of [`http://127.0.0.1:${port}/m.onnx`, `HTTP://127.0.0.1:${port}/v2/models/m`, `https://127.0.0.1:${port}/m`, "http://169.254.169.254/latest", "ftp://x/m.onnx", "s3://bucket/m.onnx", "gopher://x/"]) {
      expect(await ask(`POST /models?model_name=m&url=${encodeURIComponent(url)}`), url).toMatchObject(failed(403, "ForbiddenException", /from the model repository only/));
    }
    expect(fetched).toBe(0);
  });

  test("no path leads out of the model repository (CVE-2024-35198)", async () => {
    const { ask, folder, repository } = await start();
    const outside = join(folder, "elsewhere", "1", "model.onnx");
    const paths = [outside, `file://${outside}`, `file://localhost${outside}`, "../elsewhere/1/model.onnx", "x/../../elsewhere/1/model.onnx", "..\\elsewhere\\1\\model.onnx", `${repository}/../elsewhere/1/model.onnx`, `file://${repository}/%2e%2e/elsewhere/1/model.onnx`, `${repository}-other/m.onnx`, repository, "/etc/passwd", "file://host/share/m.onnx", "%2e%2e/elsewhere/1/model.onnx", "\0"];
    for (const path of paths) {
      const answer = await ask(`POST /models?model_name=m&url=${encodeURIComponent(path)}`);
      expect([400, 403, 404], `${path} ${JSON.stringify(answer)}`).toContain(answer.status);
    }
    expect((await ask("GET /models")).body).toEqual({ models: [] });
  });

  test("archives are not unpacked, so nothing is written outwards (zip slip, CVE-2023-48299)", async () => {
    const { ask, repository } = await start();
    for (const name of ["slip.mar", "slip.zip", "slip.tar.gz", "slip.tgz", "slip.war"]) {
      await writeFile(join(repository, name), "PK\u0003\u0004 ../../../../tmp/slipped");
      expect(await ask(`POST /models?url=${name}`), name).toMatchObject(failed(400, "BadRequestException", /archives are not unpacked/));
    }
  });

  test("a name leads nowhere in the file system, and is told as it is", async () => {
    const { ask, folder } = await start();
    const name = "../../../home/gateway/models";
    expect(await ask(`POST /models?url=amount.onnx&model_name=${encodeURIComponent(name)}`)).toMatchObject({ status: 200 });
    expect((await ask(`GET /models/${encodeURIComponent(name)}`)).body).toEqual([expect.objectContaining({ modelName: name })]);
    await mkdir(join(folder, "linked"));
    await symlink(join(folder, "elsewhere"), join(folder, "linked", "out"));
    expect(await ask(`POST /models?model_name=l&url=${encodeURIComponent(join(folder, "linked", "out", "1", "model.onnx"))}`)).toMatchObject({ status: 403 });
  });
});

test("a model that the operator named is managed like others", async () => {
  const folder = await makeFolder();
  const gateway = await startOwn(join(folder, "home"), { amount: at(await putModel("amount", join(folder, "amount.onnx"))) });
  expect((await asked(gateway.url, "GET /models")).body).toMatchObject({ models: [{ modelName: "amount" }] });
  expect(await asked(gateway.url, "PUT /models/amount?min_worker=1&synchronous=true")).toMatchObject({ status: 200 });
});
