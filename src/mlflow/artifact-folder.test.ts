import { mkdir, readdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { openProtocol, startRun } from "../../test/open-protocol.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";

async function withFolder() {
  const folder = await temporaryFolder();
  const root = join(folder, "root");
  await mkdir(root);
  await writeFile(join(folder, "secret"), "secret");
  const protocol = await openProtocol({ artifactRoot: pathToFileURL(root).href });
  const id = await startRun(protocol);
  const run = join(root, "0", id, "artifacts");
  await mkdir(join(run, "deep"), { recursive: true });
  await writeFile(join(run, "deep", "a.txt"), "hello");
  await symlink(folder, join(run, "out"));
  return { protocol, id, run, root };
}

test("what a client wrote under the artifact root is listed and comes down; what was sent to the server lies there too", async () => {
  const { protocol, id, root } = await withFolder();
  expect((await protocol.get(`runs/get?run_id=${id}`)).body.run.info.artifact_uri).toBe(`${pathToFileURL(root).href}/0/${id}/artifacts`);
  expect((await protocol.get(`artifacts/list?run_id=${id}`)).body.files).toEqual([{ path: "deep", is_dir: true }]);
  expect((await protocol.get(`artifacts/list?run_id=${id}&path=deep`)).body.files).toEqual([{ path: "deep/a.txt", is_dir: false, file_size: 5 }]);
  expect((await protocol.server.inject(`/get-artifact?run_id=${id}&path=deep/a.txt`)).body).toBe("hello");
  const sent = await protocol.server.inject({ method: "POST", url: `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${id}&path=new/b.txt`, payload: "there" });
  expect(sent.statusCode).toBe(200);
  expect((await protocol.server.inject(`/get-artifact?run_id=${id}&path=new/b.txt`)).body).toBe("there");
});

test.each([["deep/a.txt/b.txt", "file"], ["deep", "folder"], ["deep/a.txt/b/c.txt", "file"]])("%j does not take the place of a %s", async (path, as) => {
  const { protocol, id } = await withFolder();
  const sent = await protocol.server.inject({ method: "POST", url: `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${id}&path=${path}`, payload: "there" });
  expect([sent.statusCode, sent.json()]).toEqual([400, { error_code: "INVALID_PARAMETER_VALUE", message: expect.stringContaining(`is a ${as} here already`) }]);
  expect((await protocol.server.inject(`/get-artifact?run_id=${id}&path=deep/a.txt`)).body).toBe("hello");
});

test("links that lead out of the root are not followed", async () => {
  const { protocol, id, root } = await withFolder();
  expect((await protocol.get(`artifacts/list?run_id=${id}&path=out`)).body).not.toHaveProperty("files");
  expect((await protocol.server.inject(`/get-artifact?run_id=${id}&path=out/secret`)).statusCode).toBe(404);
  const sent = await protocol.server.inject({ method: "POST", url: `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${id}&path=out/mine`, payload: "x" });
  expect(sent.statusCode).toBe(400);
  for (const path of ["out/secret/x", "out/folder/x"]) {
    const other = await protocol.server.inject({ method: "POST", url: `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${id}&path=${path}`, payload: "x" });
    expect([other.statusCode, other.json().message]).toEqual([400, "Invalid path"]);
  }
  expect((await readdir(dirname(root))).toSorted()).toEqual(["root", "secret"]);
});

test("an experiment that names another folder of this machine does not open it", async () => {
  const { protocol } = await withFolder();
  const { experiment_id } = (await protocol.post("experiments/create", { name: "e", artifact_location: "file:///etc" })).body;
  const id = await startRun(protocol, { experiment_id });
  expect((await protocol.get(`artifacts/list?run_id=${id}`)).status).toBe(501);
});

test("a version may lie among the files of its run, and nowhere else on this machine", async () => {
  const { protocol, id, run } = await withFolder();
  await protocol.post("registered-models/create", { name: "mill" });
  const create = async (source: string, run_id?: string) => (await protocol.post("model-versions/create", { name: "mill", source, run_id })).status;
  expect(await create(`${pathToFileURL(run).href}/deep`, id)).toBe(200);
  expect(await create(run, id)).toBe(200);
  expect(await create(`${run}/deep/..`, id)).toBe(200);
  for (const [source, by] of [[run, undefined], [`${run}/../..`, id], [`${run}/out`, id], ["/tmp", id]] as const) expect([source, await create(source, by)]).toEqual([source, 400]);
});
