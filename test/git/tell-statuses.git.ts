import { createServer, type IncomingHttpHeaders } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { openRepository, projectText } from "../../src/pipelines/triggers/fixtures/git-repository.ts";
import { openTriggered, projectOf } from "../../src/pipelines/triggers/fixtures/open-triggered.ts";
import { statusesOf } from "../../src/pipelines/triggers/statuses/status-store.ts";

type Host = "github" | "gitlab" | "gitea";
interface Told {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Record<string, string>;
}

/** A host's API, which keeps statuses as it is told them. `mood` says how it behaves: it is right, or takes a status and loses the answer, or answers with a number. */
async function openHost(port = 0) {
  const told: Told[] = [];
  const host = { mood: 201 as number | "lost" };
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (part: Buffer) => (text += String(part)));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      if (method === "GET") {
        const known = told.filter((one) => one.method === "POST").map(({ body }) => ({ ...body, status: body["state"] }));
        return response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(known));
      }
      if (typeof host.mood === "number" && host.mood >= 300) return response.writeHead(host.mood, { "content-type": "application/json", location: "/elsewhere" }).end(JSON.stringify({ message: "as told" }));
      told.push({ method, url, headers, body: JSON.parse(text) as Record<string, string> });
      if (host.mood === "lost") return request.socket.destroy();
      return response.writeHead(201, { "content-type": "application/json" }).end("{}");
    });
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(close);
  return { told, host, close, port: (server.address() as AddressInfo).port };
}

async function watched(to: Host, port: number) {
  const repository = await openRepository();
  const opened = await openTriggered();
  const token = join(opened.folder, "token");
  await writeFile(token, "t0ken\n");
  await opened.set(projectOf(`main: { git: { repository: ${repository.path}, status: { to: ${to}, repository: ada/bikes, api: "http://127.0.0.1:${port}/api/", token_file: ${token} } } }`));
  await opened.look();
  const settled = async (ms = 60_000): Promise<void> => {
    await opened.after(ms);
    await opened.settle();
  };
  const states = async () => (await statusesOf(opened.db, (await opened.firings())[0].id)).map(({ verdict, state, error }) => [verdict, state, error]);
  return { ...opened, repository, settled, states };
}

test.each<[to: Host, path: (commit: string) => string, header: [string, string], name: "context" | "name", pending: string]>([
  ["github", (commit) => `/api/repos/ada/bikes/statuses/${commit}`, ["authorization", "Bearer t0ken"], "context", "pending"],
  ["gitea", (commit) => `/api/repos/ada/bikes/statuses/${commit}`, ["authorization", "token t0ken"], "context", "pending"],
  ["gitlab", (commit) => `/api/projects/ada%2Fbikes/statuses/${commit}`, ["private-token", "t0ken"], "name", "running"],
])("%s is told that a commit is judged, and the verdict, each once", async (to, path, [header, value], name, pending) => {
  const { told, port } = await openHost();
  const { repository, settled, firings } = await watched(to, port);
  const commit = repository.commit("deeper", {});
  await settled();
  await settled();
  const [{ id }] = await firings();
  expect(told.map(({ url, headers, body }) => [url, headers[header], body["state"], body[name]])).toEqual([pending, "success"].map((state) => [path(commit), value, state, "millrace/bikes.main"]));
  expect(told.map(({ body }) => body["description"])).toEqual([`bikes is being trained and judged (${id})`, `succeeded (${id})`]);
});

test("a commit that does not build is told as an error, in words that fit", async () => {
  const { told, port } = await openHost();
  const { repository, settled } = await watched("github", port);
  const commit = repository.commit("typo", { "millrace.yaml": projectText(`train: { ${"x".repeat(200)}: 1 }\n`) });
  await settled();
  expect(told.map(({ url, body }) => [url.endsWith(commit), body["state"]])).toEqual([[true, "error"]]);
  expect(told[0].body["description"]).toMatch(/^[0-9a-f]{7}:millrace\.yaml:3:10: unknown field train\.x+… \(20260501-[0-9a-f]{8}\)$/);
  expect(told[0].body["description"]).toHaveLength(140);
});

test("a host that is down is told when it is up again, once", async () => {
  const { port, close } = await openHost();
  await close();
  const { repository, settled, states } = await watched("github", port);
  repository.commit("deeper", {});
  for (let looks = 0; looks < 5; looks++) await settled();
  expect(await states()).toEqual([["success", "waiting", expect.stringContaining("could not be reached")]]);
  const { told } = await openHost(port);
  for (let looks = 0; looks < 8; looks++) await settled();
  expect(told.map(({ body }) => body["state"])).toEqual(["success"]);
  expect(await states()).toEqual([["success", "told", null]]);
});

test("an answer that was lost is not told again: the host is asked what it knows", async () => {
  const { told, host, port } = await openHost();
  const { repository, settled, states, after } = await watched("gitea", port);
  host.mood = "lost";
  repository.commit("deeper", {});
  await settled();
  expect(await states()).toMatchObject([["pending", "waiting", expect.stringContaining("could not be reached")], ["success", "waiting", null]]);
  host.mood = 201;
  for (let looks = 0; looks < 4; looks++) await after(60_000);
  expect(told.map(({ body }) => body["state"])).toEqual(["pending", "success"]);
  expect(await states()).toEqual([["pending", "told", null], ["success", "told", null]]);
});

test("a host that is overloaded is tried again; one that refuses is not, and no redirect is followed", async () => {
  const { told, host, port } = await openHost();
  const { repository, settled, states, after } = await watched("github", port);
  host.mood = 503;
  repository.commit("one", {});
  await settled();
  host.mood = 201;
  for (let looks = 0; looks < 4; looks++) await after(60_000);
  expect(told.map(({ body }) => body["state"])).toEqual(["pending", "success"]);
  for (const mood of [401, 302]) {
    host.mood = mood;
    repository.commit(`${mood}`, {});
    await settled();
    await settled();
    expect(await states()).toEqual([["pending", "given_up", `github answered ${mood}: as told`], ["success", "given_up", `github answered ${mood}: as told`]]);
  }
  expect(told).toHaveLength(2);
});
