import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { makeFolder, putModel, startOwn } from "../../src/serving/gateway/fixtures/own-gateway.ts";
import { npmPackage } from "./npm.ts";

interface Case {
  readonly name: string;
  readonly method: string;
  /** On the port of management, unless it begins with predictions. */
  readonly path: string;
  readonly body?: object;
  readonly status: number;
  /** What the body must hold. */
  readonly holds?: string;
}

const form = { mode: "formdata", formdata: [{ key: "data", type: "file", src: "row.json" }] };
const file = { mode: "file", file: { src: "row.json" } };
const fields = { mode: "urlencoded", urlencoded: Object.entries({ distance: "1", seats: "1", city: "Oslo" }).map(([key, value]) => ({ key, value })) };

/** What TorchServe's own Postman collections do with a model: register, describe, scale, predict, move the default, unregister. */
const cases: readonly Case[] = [
  { name: "register", method: "POST", path: "models?url=trips-1.onnx&model_name=trips&model_version=1", status: 200, holds: "registered with" },
  { name: "register again", method: "POST", path: "models?url=trips-1.onnx&model_name=trips", status: 409, holds: "ConflictStatusException" },
  { name: "register a second version, not waiting", method: "POST", path: "models?url=trips-2.onnx&model_name=trips&model_version=2&initial_workers=1&synchronous=false", status: 202, holds: "Processing worker updates" },
  { name: "register without url", method: "POST", path: "models", status: 400, holds: "Parameter url is required" },
  { name: "register with an empty url", method: "POST", path: "models?url=&model_name=x", status: 404 },
  { name: "register an archive", method: "POST", path: "models?url=densenet161.mar", status: 400 },
  { name: "register with a runtime that is none", method: "POST", path: "models?url=trips-1.onnx&model_name=x&runtime=python4", status: 400 },
  { name: "list", method: "GET", path: "models?limit=1&next_page_token=0", status: 200, holds: "trips" },
  { name: "describe all", method: "GET", path: "models/trips/all", status: 200, holds: '"modelVersion":"2"' },
  { name: "describe a version", method: "GET", path: "models/trips/1.0", status: 200, holds: "READY" },
  { name: "describe none", method: "GET", path: "models/nobody", status: 404, holds: "ModelNotFoundException" },
  { name: "scale", method: "PUT", path: "models/trips?min_worker=1&synchronous=true", status: 200, holds: "Workers scaled to 1" },
  { name: "scale, not waiting", method: "PUT", path: "models/trips?min_worker=1", status: 202 },
  { name: "scale a version that is none", method: "PUT", path: "models/trips/9?min_worker=1", status: 404, holds: "ModelVersionNotFoundException" },
  { name: "scale out of bounds", method: "PUT", path: "models/trips?min_worker=2&max_worker=1", status: 400 },
  { name: "predict with a file", method: "POST", path: "predictions/trips", body: file, status: 200, holds: "13" },
  { name: "predict with a form", method: "POST", path: "predictions/trips/1.0", body: form, status: 200, holds: "13" },
  { name: "predict with fields", method: "POST", path: "predictions/trips/2", body: fields, status: 200, holds: "1013" },
  { name: "predict with none", method: "POST", path: "predictions/nobody", body: file, status: 404, holds: "ModelNotFoundException" },
  { name: "unregister the default", method: "DELETE", path: "models/trips", status: 403 },
  { name: "move the default", method: "PUT", path: "models/trips/2.0/set-default", status: 200, holds: "successfully updated" },
  { name: "unregister a version", method: "DELETE", path: "models/trips/1", status: 200, holds: "unregistered" },
  { name: "unregister", method: "DELETE", path: "models/trips/?synchronous=true", status: 200 },
  { name: "unregister again", method: "DELETE", path: "models/trips", status: 404 },
];

const item = ({ name, method, path, body, status, holds }: Case) => ({
  name,
  request: { method, url: `${path.startsWith("predictions") ? "{{predict}}" : "{{manage}}"}/${path}`, ...(body && { body }) },
  event: [
    {
      listen: "test",
      script: {
        exec: [
          `pm.test("status", () => pm.response.to.have.status(${status}));`,
          ...(holds === undefined ? [] : [`pm.test("body", () => pm.expect(pm.response.text().replaceAll(" ", "")).to.include(${JSON.stringify(holds.replaceAll(" ", ""))}));`]),
        ],
      },
    },
  ],
});

test("newman runs what TorchServe's collections ask", async () => {
  const newman = await npmPackage("newman", "6.2.2");
  const folder = await makeFolder();
  for (const name of ["trips-1", "trips-2"]) await putModel(name, join(folder, "store", `${name}.onnx`));
  const gateway = await startOwn(join(folder, "home"), {}, { repository: join(folder, "store"), anyPlace: false, management: { port: 0 } });
  const collection = { info: { name: "torchserve", schema: "https://schema.getpostman.com/json/collection/v2.1.0/collection.json" }, item: cases.map(item) };
  await writeFile(join(folder, "row.json"), JSON.stringify({ distance: 1, seats: 1, city: "Oslo" }));
  await writeFile(join(folder, "collection.json"), JSON.stringify(collection));
  const out = join(folder, "result.json");
  const addresses = ["--env-var", `predict=${gateway.url}`, "--env-var", `manage=http://127.0.0.1:${gateway.address.managementPort}`];
  await promisify(execFile)(process.execPath, [join(newman, "bin", "newman.js"), "run", join(folder, "collection.json"), ...addresses, "--working-dir", folder, "--reporters", "json", "--reporter-json-export", out, "--suppress-exit-code"], { maxBuffer: 64 << 20 });
  const { run } = JSON.parse(await readFile(out, "utf8")) as { run: { executions: unknown[]; failures: { source: { name: string }; error: { message: string } }[] } };
  expect(run.failures.map(({ source, error }) => `${source.name}: ${error.message}`)).toEqual([]);
  expect(run.executions).toHaveLength(cases.length);
});
