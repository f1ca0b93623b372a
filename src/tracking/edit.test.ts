import { expect, test } from "vitest";
import { openProtocol, startRun } from "../../test/open-protocol.ts";

async function openEditing() {
  const protocol = await openProtocol();
  const run = await startRun(protocol);
  const ask = async (method: "GET" | "PATCH" | "POST", url: string, payload?: object): Promise<{ status: number; body: Record<string, never> }> => {
    const answer = await protocol.server.inject({ method, url: `/api/tracking/${url}`, ...(payload ? { payload } : {}) });
    return { status: answer.statusCode, body: JSON.parse(answer.body) as Record<string, never> };
  };
  const tagsOf = async (): Promise<Record<string, string>> => {
    const { body } = await ask("GET", `runs/${run}/details`);
    return Object.fromEntries((body["tags"] as readonly { key: string; value: string }[]).map(({ key, value }) => [key, value]));
  };
  return { ask, run, tagsOf };
}

test("a run is renamed, described and tagged; null takes a tag away, also one that is not there", async () => {
  const { ask, run, tagsOf } = await openEditing();
  expect((await ask("PATCH", `runs/${run}`, { name: "net", tags: { "mlflow.note.content": "# Wide", team: "mill" } })).status).toBe(200);
  expect(await tagsOf()).toMatchObject({ "mlflow.runName": "net", "mlflow.note.content": "# Wide", team: "mill" });
  expect((await ask("PATCH", `runs/${run}`, { tags: { team: null, nothing: null } })).status).toBe(200);
  expect(await tagsOf()).not.toHaveProperty("team");
  expect(await tagsOf()).toMatchObject({ "mlflow.runName": "net" });
});

test("a tag that a client set by a key in another script is changed and taken away", async () => {
  const { ask, run, tagsOf } = await openEditing();
  expect((await ask("PATCH", `runs/${run}`, { tags: { größe: "3", 模型: "x" } })).status).toBe(200);
  expect((await ask("PATCH", `runs/${run}`, { tags: { größe: null, 模型: "y" } })).status).toBe(200);
  expect(await tagsOf()).toMatchObject({ 模型: "y" });
  expect(await tagsOf()).not.toHaveProperty("größe");
});

test("an experiment likewise; a name that is taken changes nothing", async () => {
  const { ask } = await openEditing();
  expect((await ask("PATCH", "experiments/0", { name: "first", tags: { team: "mill" } })).status).toBe(200);
  expect((await ask("GET", "experiments/0")).body).toMatchObject({ name: "first", tags: { team: "mill" }, runs: 1, lifecycle: "active" });
  expect((await ask("PATCH", "experiments/0", { tags: { team: null } })).status).toBe(200);
  expect((await ask("GET", "experiments/0")).body).toMatchObject({ tags: {} });
  await ask("POST", "experiments/0/lifecycle", { lifecycle: "deleted" });
  expect((await ask("PATCH", "experiments/0", { name: "other" })).body).toMatchObject({ error: { code: "tracking.not_active" } });
  expect((await ask("GET", "experiments?lifecycle=deleted")).body).toMatchObject({ total: 1, experiments: [{ name: "first" }] });
});

test.each([
  ["a name of blanks", { name: " " }],
  ["a key that clients cannot read back", { tags: { "a\u0000b": "x" } }],
  ["a value that is too long", { tags: { a: "x".repeat(5001) } }],
  ["a number", { tags: { a: 1 } }],
] as readonly [string, { name?: string; tags?: object }][])("%s is refused, and nothing of it is kept", async (_, body) => {
  const { ask, run, tagsOf } = await openEditing();
  const before = await tagsOf();
  expect((await ask("PATCH", `runs/${run}`, { ...body, tags: { ...body.tags, good: "x" } })).status).toBe(400);
  expect(await tagsOf()).toEqual(before);
});
