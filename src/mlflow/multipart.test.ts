import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openProtocol, type Protocol } from "../../test/open-protocol.ts";

const root = "/api/2.0/mlflow-artifacts";

async function begin(protocol: Protocol, parts: number, path = "0/r/artifacts/deep") {
  const { body } = await protocol.post(`${root}/mpu/create/${path}`, { path: "/home/me/big.bin", num_parts: parts });
  const send = async (number: number, content: string) => {
    const { pathname } = new URL(body.credentials[number - 1].url as string);
    const answer = await protocol.server.inject({ method: "PUT", url: pathname, payload: content });
    return { part_number: number, etag: String(answer.headers["etag"]), url: body.credentials[number - 1].url as string };
  };
  const end = (parts: object[]) => protocol.post(`${root}/mpu/complete/${path}`, { path: "/home/me/big.bin", upload_id: body.upload_id, parts });
  return { id: body.upload_id as string, send, end };
}

const read = async (protocol: Protocol) => (await protocol.server.inject(`${root}/artifacts/0/r/artifacts/deep/big.bin`)).body;

test("parts come in any order, and again; the file is there when the upload is completed, and its parts are gone", async () => {
  const protocol = await openProtocol();
  const { id, send, end } = await begin(protocol, 3);
  const [c, a] = [await send(3, "three"), await send(1, "one")];
  await send(2, "tow");
  const b = await send(2, "two");
  expect((await protocol.server.inject(`${root}/artifacts/0/r/artifacts/deep/big.bin`)).statusCode).toBe(404);
  expect(await end([c, a, b])).toEqual({ status: 200, body: {} });
  expect(await read(protocol)).toBe("onetwothree");
  expect(await readdir(join(protocol.house.settings.home, "uploads"))).toEqual([]);
  expect(await end([c, a, b])).toMatchObject({ status: 404 });
  expect(id).toMatch(/^[0-9a-f-]{36}$/);
});

test("a part that is missing, or not what came, is told; nothing is stored", async () => {
  const protocol = await openProtocol();
  const { send, end } = await begin(protocol, 2);
  const a = await send(1, "one");
  for (const parts of [[a], [a, { part_number: 2, etag: '"00"' }], [a, { ...a, part_number: 2 }], [a, a]]) {
    expect(await end(parts)).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
  }
  expect((await protocol.server.inject(`${root}/artifacts/0/r/artifacts/deep/big.bin`)).statusCode).toBe(404);
  expect(await end([a, await send(2, "two")])).toMatchObject({ status: 200 });
});

test("a file whose name became a folder meanwhile is not stored", async () => {
  const protocol = await openProtocol();
  const { send, end } = await begin(protocol, 1);
  const a = await send(1, "one");
  await protocol.server.inject({ method: "PUT", url: `${root}/artifacts/0/r/artifacts/deep/big.bin/part.txt`, payload: "x" });
  expect(await end([a])).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE", message: expect.stringContaining("is a folder here already") } });
});

test("an upload that was aborted is gone", async () => {
  const protocol = await openProtocol();
  const { id, send, end } = await begin(protocol, 1);
  const a = await send(1, "one");
  expect(await protocol.post(`${root}/mpu/abort/0/r/artifacts/deep`, { path: "big.bin", upload_id: id })).toEqual({ status: 200, body: {} });
  expect(await end([a])).toMatchObject({ status: 404, body: { error_code: "RESOURCE_DOES_NOT_EXIST" } });
});

test.each(["..%2f..%2fx", "a%2f..%2fx", "a%5c..%5cx", "%252e%252e%252fx"])("the folder %s is refused", async (path) => {
  const protocol = await openProtocol();
  expect(await protocol.post(`${root}/mpu/create/${path}`, { path: "big.bin", num_parts: 1 })).toMatchObject({ status: 400 });
});

test.each([
  [{ path: "..", num_parts: 1 }, 400],
  [{ path: "a", num_parts: 0 }, 400],
  [{ path: "a", num_parts: 10_001 }, 400],
  [{ num_parts: 1 }, 400],
])("%j is refused", async (body, status) => {
  expect(await (await openProtocol()).post(`${root}/mpu/create/0/r/artifacts`, body)).toMatchObject({ status });
});

test("behind a proxy that ends TLS the addresses are of https", async () => {
  const { server } = await openProtocol();
  const ask = async (headers: Record<string, string>) =>
    (await server.inject({ method: "POST", url: `${root}/mpu/create/0/r/artifacts/x`, headers: { host: "localhost:5000", "content-type": "application/json", ...headers }, payload: '{"path": "a"}' })).json().credentials[0].url as string;
  expect(await ask({})).toMatch(/^http:\/\/localhost:5000\/api\//);
  expect(await ask({ "x-forwarded-proto": "https, http" })).toMatch(/^https:\/\/localhost:5000\/api\//);
  expect(await ask({ "x-forwarded-proto": "javascript" })).toMatch(/^http:\/\/localhost/);
});

test("a download in ranges has an address", async () => {
  const protocol = await openProtocol();
  const { send, end } = await begin(protocol, 1);
  await end([await send(1, "hello")]);
  const { body } = await protocol.get(`${root}/presigned/0/r/artifacts/deep/big.bin`);
  expect(body).toMatchObject({ file_size: 5 });
  expect((await protocol.server.inject({ url: new URL(body.url as string).pathname, headers: { range: "bytes=1-3" } })).body).toBe("ell");
});
