import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";
import { openProtocol, startRun } from "../../test/open-protocol.ts";

const proxy = "/api/2.0/mlflow-artifacts/artifacts";

test("a file goes up and comes down, whole and in parts, whatever its type; nothing of it runs in a browser", async () => {
  const protocol = await openProtocol();
  const { server, get } = protocol;
  const id = await startRun(protocol);
  const content = randomBytes(300_000);
  const url = `${proxy}/0/${id}/artifacts/deep/${"long ".repeat(30)}ü.json`.replaceAll(" ", "%20");
  for (const type of ["application/json", "application/octet-stream", undefined]) {
    const up = await server.inject({ method: "PUT", url, payload: content, ...(type ? { headers: { "content-type": type } } : {}) });
    expect([up.statusCode, up.body]).toEqual([200, "{}"]);
  }
  const down = await server.inject({ method: "GET", url });
  expect(createHash("sha256").update(down.rawPayload).digest("hex")).toBe(createHash("sha256").update(content).digest("hex"));
  expect(down.headers).toMatchObject({ "x-content-type-options": "nosniff", "accept-ranges": "bytes", "content-length": "300000" });
  expect(down.headers["content-disposition"]).toMatch(/^attachment/);
  const part = await server.inject({ method: "GET", url, headers: { range: "bytes=10-19" } });
  expect([part.statusCode, part.headers["content-range"], part.rawPayload.equals(content.subarray(10, 20))]).toEqual([206, "bytes 10-19/300000", true]);
  expect((await server.inject({ method: "GET", url, headers: { range: "bytes=300000-" } })).statusCode).toBe(416);
  expect((await get(`artifacts/list?run_id=${id}&path=deep`)).body).toMatchObject({ root_uri: `mlflow-artifacts:/0/${id}/artifacts`, files: [{ is_dir: false, file_size: 300_000 }] });
  expect((await get(`artifacts/list?run_id=${id}`)).body.files).toEqual([{ path: "deep", is_dir: true }]);
  expect((await get(`${proxy}?path=0/${id}/artifacts`)).body).toEqual({ files: [{ path: "deep", is_dir: true }] });
});

test("an empty file is a file; a file that is gone is not found", async () => {
  const protocol = await openProtocol();
  const id = await startRun(protocol);
  const url = `${proxy}/0/${id}/artifacts/nothing.txt`;
  expect((await protocol.server.inject({ method: "PUT", url })).statusCode).toBe(200);
  const down = await protocol.server.inject({ method: "GET", url });
  expect([down.statusCode, down.body]).toEqual([200, ""]);
  expect((await protocol.server.inject({ method: "DELETE", url })).statusCode).toBe(200);
  expect(await protocol.get(url)).toMatchObject({ status: 404, body: { error_code: "RESOURCE_DOES_NOT_EXIST" } });
});

test("a name is a file or a folder, whatever uploads it", async () => {
  const protocol = await openProtocol();
  const { server } = protocol;
  const id = await startRun(protocol);
  const send = {
    proxy: (path: string) => server.inject({ method: "PUT", url: `${proxy}/0/${id}/artifacts/${path}`, payload: "hello" }),
    page: (path: string) => server.inject({ method: "POST", url: `/ajax-api/2.0/mlflow/upload-artifact?run_uuid=${id}&path=${path}`, payload: "hello" }),
    parts: (path: string) =>
      server.inject({ method: "POST", url: `/api/2.0/mlflow-artifacts/mpu/create/0/${id}/artifacts/${path.slice(0, path.lastIndexOf("/") + 1)}`, headers: { "content-type": "application/json" }, payload: JSON.stringify({ path: path.split("/").at(-1), num_parts: 1 }) }),
  };
  expect((await send.proxy("a.txt")).statusCode).toBe(200);
  expect((await send.page("deep/er/b.txt")).statusCode).toBe(200);
  for (const way of ["proxy", "page", "parts"] as const) {
    for (const [path, as] of [["a.txt/b.txt", "file"], ["deep/er/b.txt/c/d", "file"], ["deep", "folder"], ["deep/er", "folder"]]) {
      const answer = await send[way](path);
      expect([way, path, answer.statusCode, answer.json()]).toEqual([way, path, 400, { error_code: "INVALID_PARAMETER_VALUE", message: expect.stringContaining(`is a ${as} here already`) }]);
    }
    expect((await send[way]("deep/c.txt")).statusCode).toBe(200);
  }
  expect((await protocol.get(`artifacts/list?run_id=${id}`)).body.files).toEqual([{ path: "a.txt", is_dir: false, file_size: 5 }, { path: "deep", is_dir: true }]);
});

test("what MLflow's pages fetch and send: get-artifact, upload-artifact", async () => {
  const protocol = await openProtocol();
  const { server, get } = protocol;
  const id = await startRun(protocol);
  const upload = (query: string, payload?: string) => server.inject({ method: "POST", url: `/ajax-api/2.0/mlflow/upload-artifact?${query}`, ...(payload ? { payload, headers: { "content-type": "text/plain" } } : {}) });
  expect((await upload(`run_uuid=${id}&path=a/b.txt`, "hello")).statusCode).toBe(200);
  expect((await upload(`run_id=${id}&path=a/c.txt`, "hello")).statusCode).toBe(200);
  for (const url of ["/model-versions/get-artifact?name=m&version=1&path=x&presigned=true", "/ajax-api/2.0/mlflow/logged-models/m/artifacts/files?artifact_file_path=x&presigned=true"]) {
    expect(await get(url)).toMatchObject({ status: 501, body: { error_code: "NOT_IMPLEMENTED" } });
  }
  expect((await server.inject({ method: "GET", url: `/get-artifact?run_id=${id}&path=a/b.txt` })).body).toBe("hello");
  for (const [query, message] of [["", "Request must specify run_id or run_uuid."], [`run_uuid=${id}`, "Request must specify path."], [`run_uuid=${id}&path=../x`, "Invalid path"], [`run_uuid=${id}&path=x`, "Request must specify data."]]) {
    expect((await upload(query)).json()).toMatchObject({ error_code: "INVALID_PARAMETER_VALUE", message });
  }
  expect(await get(`/get-artifact?run_id=${id}&path=../x`)).toMatchObject({ status: 400, body: { message: "Invalid path" } });
  expect(await get(`artifacts/list?run_id=${id}&path=../x`)).toMatchObject({ status: 400, body: { message: "Invalid path" } });
});

test.each(["0/r/artifacts/../../x", "..%2f..%2fetc%2fpasswd", "%252e%252e/x", "/etc/passwd", "a/..%5c..%5cb", "0/r/artifacts/%2e%2e/%2e%2e/%2e%2e/x"])("the proxy refuses %s", async (path) => {
  const { server } = await openProtocol();
  const { port } = new URL(await server.listen({ host: "127.0.0.1", port: 0 }));
  for (const method of ["GET", "PUT", "DELETE"]) {
    // As it is: fetch and inject would tidy the path up first.
    const sent = request({ host: "127.0.0.1", port, method, path: `${proxy}/${path}` }).end(method === "PUT" ? "x" : undefined);
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    expect([method, answer.statusCode, JSON.parse(await text(answer))]).toEqual([method, 400, { error_code: "INVALID_PARAMETER_VALUE", message: "Invalid path" }]);
  }
});
