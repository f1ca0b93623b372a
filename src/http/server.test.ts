import { mkdir, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import Type from "typebox";
import { describe, expect, onTestFinished, test } from "vitest";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { resolveSettings } from "../config.ts";
import { conflict, invalid, MillraceError, notFound } from "../errors.ts";
import { openLog } from "../log.ts";
import type { House, Stage } from "../stage.ts";
import { client } from "./client.ts";
import { raw, route } from "./route.ts";
import { listen, openServer } from "./server.ts";

const routes = {
  "GET /items/:id": route({
    summary: "One item",
    params: Type.Object({ id: Type.String() }),
    query: Type.Object({ limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10 })), word: Type.Optional(Type.String()) }),
    handle: (_house, { params, query }) => ({ id: params.id, ...query }),
  }),
  "POST /items": route({
    summary: "Makes an item",
    body: Type.Object({ name: Type.String({ minLength: 1 }), size: Type.Integer() }, { additionalProperties: false }),
    handle: (_house, { body, actor }) => ({ ...body, actor }),
  }),
  "GET /report": route({ summary: "A page", handle: () => raw("text/html; charset=utf-8", "<p>é</p>", { "content-security-policy": "sandbox" }) }),
  "GET /nothing": route({ summary: "Answers nothing", handle: () => undefined }),
  "GET /fail/:how": route({
    summary: "Fails",
    params: Type.Object({ how: Type.String() }),
    handle: (_house, { params }): { never: true } => {
      const failures: Readonly<Record<string, Error>> = {
        absent: notFound("mill.absent", "There is no mill", { name: "mill" }),
        wrong: invalid("mill.wrong", "This is no mill"),
        clash: conflict("mill.clash", "There is a mill already"),
        inside: new MillraceError("mill.broken", 500, "The wheel broke", { cause: new Error("secret path") }),
      };
      throw failures[params.how] ?? new TypeError("cannot read the password of undefined");
    },
  }),
};
type MillRoutes = typeof routes;

const stage: Stage = { name: "mill", purpose: "grinds", routes };

async function start(options: { pages?: boolean; host?: string; allowedHosts?: readonly string[] } = {}) {
  const folder = await temporaryFolder();
  const pages = join(folder, "web");
  if (options.pages) {
    await mkdir(pages);
    await writeFile(join(pages, "index.html"), "<h1>Millrace</h1>");
    await writeFile(join(pages, "app.js"), "1");
  }
  const env = { MILLRACE_ALLOWED_HOSTS: options.allowedHosts?.join(",") };
  const settings = resolveSettings({ home: folder, logLevel: "silent", ...(options.host === undefined ? {} : { host: options.host }) }, env);
  const server = await openServer({ settings, log: openLog("silent", "test") } as House, [stage], pages);
  onTestFinished(() => server.close());
  return { server, url: await listen(server, "127.0.0.1", 0) };
}

const errorOf = async (response: Response): Promise<{ code: string; message: string; details?: unknown }> => ((await response.json()) as { error: { code: string; message: string } }).error;

describe("errors leave in one shape", () => {
  test.each([
    ["absent", 404, { code: "mill.absent", message: "There is no mill", details: { name: "mill" } }],
    ["wrong", 400, { code: "mill.wrong", message: "This is no mill" }],
    ["clash", 409, { code: "mill.clash", message: "There is a mill already" }],
    ["inside", 500, { code: "mill.broken", message: "The wheel broke" }],
    ["bug", 500, { code: "http.internal", message: "Something failed inside Millrace; the server's log says what" }],
  ])("%s: status %d", async (how, status, error) => {
    const { url } = await start();
    const response = await fetch(`${url}/api/mill/fail/${how}`);
    expect([response.status, await response.json()]).toEqual([status, { error }]);
  });

  test.each([
    ["GET", "/api/mill/absent", "There is no GET /api/mill/absent"],
    ["GET", "/api/mill/absent?password=1", "There is no GET /api/mill/absent"],
    ["DELETE", "/api/mill/items/1", "There is no DELETE /api/mill/items/1"],
    ["POST", "/api/mill/report", "There is no POST /api/mill/report"],
  ])("%s %s is not there", async (method, path, message) => {
    const { url } = await start();
    const response = await fetch(`${url}${path}`, { method });
    expect([response.status, await errorOf(response)]).toEqual([404, { code: "http.not_found", message }]);
  });

  test.each([
    ["a member is missing", { name: "x" }, /body must have required propert(y|ies) '?size/],
    ["a member has another type", { name: "x", size: "large" }, /body\/size must be integer/],
    ["a number is written as text", { name: "x", size: "3" }, /body\/size must be integer/],
    ["a member is misspelt", { name: "x", size: 3, sise: 4 }, /body must NOT have additional properties: sise/],
    ["a text is too short", { name: "", size: 1 }, /body\/name must NOT have fewer than 1 characters/],
  ])("a body in which %s is refused, saying where", async (_, body, message) => {
    const { url } = await start();
    const response = await fetch(`${url}/api/mill/items`, { method: "POST", body: JSON.stringify(body), headers: { "content-type": "application/json" } });
    const error = await errorOf(response);
    expect([response.status, error.code]).toEqual([400, "http.bad_request"]);
    expect(error.message).toMatch(message);
  });

  test("what is no JSON, or no request we know, is refused", async () => {
    const { url } = await start();
    const post = async (body: string, type: string) => {
      const response = await fetch(`${url}/api/mill/items`, { method: "POST", body, headers: { "content-type": type } });
      return [response.status, (await errorOf(response)).code];
    };
    expect(await post("{", "application/json")).toEqual([400, "http.bad_request"]);
    expect(await post("name=x", "application/x-www-form-urlencoded")).toEqual([415, "http.bad_request"]);
    const query = await fetch(`${url}/api/mill/items/1?limit=11`);
    expect([query.status, (await errorOf(query)).message]).toEqual([400, expect.stringMatching(/querystring\/limit must be <= 10/)]);
  });
});

describe("foreign sites", () => {
  /** fetch sets Host itself, so these requests are made by hand. */
  const send = (url: string, method: string, headers: Record<string, string>): Promise<{ status: number; code: string | undefined }> =>
    new Promise((resolve, reject) => {
      const made = request(`${url}/api/mill/${method === "GET" ? "items/1" : "items"}`, { method, headers: { "content-type": "application/json", ...headers } }, (response) => {
        let text = "";
        response.on("data", (part: Buffer) => (text += String(part)));
        response.on("end", () => resolve({ status: response.statusCode!, code: (JSON.parse(text) as { error?: { code: string } }).error?.code }));
      });
      made.on("error", reject);
      made.end(method === "GET" ? undefined : '{"name":"x","size":1}');
    });

  test.each<[string, string, Record<string, string>, number, string | undefined]>([
    ["a Host that is not ours (DNS rebinding)", "GET", { host: "evil.example" }, 403, "http.foreign_host"],
    ["a Host with our name inside", "GET", { host: "127.0.0.1.evil.example:5000" }, 403, "http.foreign_host"],
    ["a Host that begins with ours", "GET", { host: "localhost.evil.example" }, 403, "http.foreign_host"],
    ["localhost by any port", "GET", { host: "LOCALHOST:1234" }, 200, undefined],
    ["localhost with the dot of a full name", "GET", { host: "localhost.:5000" }, 200, undefined],
    ["IPv6's loopback", "GET", { host: "[::1]:5000" }, 200, undefined],
    ["a Host with a user", "GET", { host: "localhost:1@evil.example" }, 403, "http.foreign_host"],
    ["a Host with two ports", "GET", { host: "evil.example:5000:5000" }, 403, "http.foreign_host"],
    ["another address", "GET", { host: "192.168.1.2:5000" }, 403, "http.foreign_host"],
    ["a script, picture or frame of another site (JSON hijacking)", "GET", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script" }, 403, "http.foreign_origin"],
    ["a frame of another site", "GET", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe" }, 403, "http.foreign_origin"],
    ["a page of another port that asks", "GET", { "sec-fetch-site": "same-site", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" }, 403, "http.foreign_origin"],
    ["a form of another site", "POST", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" }, 403, "http.foreign_origin"],
    ["a link from another site", "GET", { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" }, 200, undefined],
    ["our own page", "GET", { "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty" }, 200, undefined],
    ["the address bar", "GET", { "sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document" }, 200, undefined],
    ["a change from our page, called otherwise", "POST", { host: "LOCALHOST.:5000", origin: "http://localhost:5000" }, 200, undefined],
    ["a change from our page behind a proxy that speaks TLS", "POST", { host: "localhost", origin: "https://localhost" }, 200, undefined],
    ["a change from another site", "POST", { origin: "https://evil.example" }, 403, "http.foreign_origin"],
    ["a change from another port", "POST", { origin: "http://127.0.0.1:1" }, 403, "http.foreign_origin"],
    ["a change from a sandboxed page", "POST", { origin: "null" }, 403, "http.foreign_origin"],
    ["a change from nonsense", "POST", { origin: "%%%" }, 403, "http.foreign_origin"],
    ["a change from no page", "POST", {}, 200, undefined],
    ["reading from another site, which it cannot see", "GET", { origin: "https://evil.example" }, 200, undefined],
  ])("%s", async (_, method, headers, status, code) => {
    const { url } = await start();
    expect(await send(url, method, headers)).toEqual({ status, code });
  });

  test("our own page may change things", async () => {
    const { url } = await start();
    expect(await send(url, "POST", { origin: url })).toEqual({ status: 200, code: undefined });
  });

  test("no answer lets another site read it", async () => {
    const { url } = await start();
    const response = await fetch(`${url}/api/mill/items/1`, { headers: { origin: "https://evil.example" } });
    expect(response.headers.get("access-control-allow-origin")).toBeNull();
  });

  test.each<[string, readonly string[], number]>([
    ["192.168.1.2:5000", [], 200],
    ["[fd00::2]:5000", [], 200],
    ["mill", [], 200],
    ["mill:5000", [], 200],
    ["mill.prod.svc.cluster.local:5000", [], 200],
    ["mill.internal", [], 200],
    ["localhost:5000", [], 200],
    ["mill.example:5000", [], 403],
    ["mill.example:5000", ["mill.example"], 200],
    ["MILL.example.", ["mill.example"], 200],
    ["a.mill.example", ["*.mill.example"], 200],
    ["evilmill.example", ["*.mill.example", "mill.example"], 403],
    ["mill.local.evil.example", [], 403],
    ["mill evil", [], 403],
  ])("a server that listens for others answers to %j with %j allowed: %d", async (host, allowedHosts, status) => {
    const { url } = await start({ host: "0.0.0.0", allowedHosts });
    expect((await send(url, "GET", { host })).status).toBe(status);
    expect((await send(url, "POST", { host, origin: "https://evil.example" })).status).toBe(403);
  });

  test("a server behind a proxy answers to the name it is given", async () => {
    const { url } = await start({ allowedHosts: ["mill.example"] });
    expect((await send(url, "GET", { host: "mill.example" })).status).toBe(200);
    expect((await send(url, "GET", { host: "192.168.1.2" })).status).toBe(403);
  });

  test("every answer says what it is and that nobody frames it; pages run our scripts only", async () => {
    const { url } = await start({ pages: true });
    for (const path of ["/", "/app.js", "/runs/17", "/api/mill/items/1", "/api/mill/absent", "/api/mill/fail/bug", "/health", "/%00", "/api/mill/items/%zz"]) {
      const { headers } = await fetch(`${url}${path}`);
      expect([path, headers.get("x-content-type-options"), headers.get("x-frame-options"), headers.get("cross-origin-resource-policy")]).toEqual([path, "nosniff", "SAMEORIGIN", "same-origin"]);
      expect(headers.get("content-security-policy")).toContain("frame-ancestors 'self'");
    }
    for (const path of ["/", "/runs/17"]) expect((await fetch(`${url}${path}`)).headers.get("content-security-policy")).toContain("default-src 'self'");
    expect((await fetch(`${url}/%00`)).status).toBe(400);
  });
});

describe("answers", () => {
  test("a raw reply goes as it is, with its headers", async () => {
    const { url } = await start();
    const response = await fetch(`${url}/api/mill/report`);
    expect([response.headers.get("content-type"), response.headers.get("content-security-policy"), await response.text()]).toEqual(["text/html; charset=utf-8", "sandbox", "<p>é</p>"]);
  });

  test("nothing is an empty object", async () => {
    const { url } = await start();
    expect(await (await fetch(`${url}/api/mill/nothing`)).json()).toEqual({});
  });

  test("pages are served, a page's address inside the program leads to the program, /api never does", async () => {
    const { url } = await start({ pages: true });
    const get = async (path: string) => (await fetch(`${url}${path}`)).text();
    expect(await get("/")).toContain("Millrace");
    expect(await get("/app.js")).toBe("1");
    expect(await get("/runs/17")).toContain("Millrace");
    expect(await get("/api/nothing")).toContain("http.not_found");
    expect(await get("/../../etc/passwd")).not.toContain("root:");
  });

  test("without built pages it says how to build them", async () => {
    const { url } = await start();
    expect((await errorOf(await fetch(`${url}/`))).message).toMatch(/npm run build/);
    expect(await (await fetch(`${url}/health`)).json()).toEqual({ status: "ok", pid: process.pid, problems: [] });
  });

  test("a taken port becomes an error that says what to do", async () => {
    const { url } = await start();
    const { server } = await start();
    const port = Number(new URL(url).port);
    await server.close();
    const second = await openServer({ settings: resolveSettings({}, {}), log: openLog("silent", "test") } as House, [], "/absent");
    onTestFinished(() => second.close());
    await expect(listen(second, "127.0.0.1", port)).rejects.toMatchObject({ code: "http.port_taken", status: 409, message: expect.stringContaining(`Port ${port}`) as string });
  });
});

describe("the typed client", () => {
  test("makes the round trip", async () => {
    const { url } = await start();
    const mill = client<MillRoutes>(url, "mill");
    const item: { id: string; limit?: number } = await mill("GET /items/:id", { params: { id: "a/b ?é" }, query: { limit: 3, word: undefined } });
    expect(item).toEqual({ id: "a/b ?é", limit: 3 });
    expect(await mill("POST /items", { body: { name: "wheel", size: 2 } })).toEqual({ name: "wheel", size: 2, actor: "local" });
    const page: string = await mill("GET /report");
    expect(page).toBe("<p>é</p>");
  });

  test("throws the server's error as it was said", async () => {
    const { url } = await start();
    const failing = client<MillRoutes>(url, "mill")("GET /fail/:how", { params: { how: "absent" } });
    await expect(failing).rejects.toMatchObject({ name: "ApiError", status: 404, code: "mill.absent", message: "There is no mill", details: { name: "mill" } });
  });

  test("says that nobody answers, and lets an abort be an abort", async () => {
    const { server, url } = await start();
    await server.close();
    await expect(client<MillRoutes>(url, "mill")("GET /report")).rejects.toMatchObject({ name: "ApiError", status: 503, code: "http.no_answer" });
    await expect(client<MillRoutes>(url, "mill")("GET /report", { signal: AbortSignal.abort() })).rejects.toMatchObject({ name: "AbortError" });
  });
});
