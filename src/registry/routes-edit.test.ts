import { expect, test } from "vitest";
import { openProtocol } from "../../test/open-protocol.ts";

async function openEditing() {
  const protocol = await openProtocol();
  await protocol.post("registered-models/create", { name: "trips", tags: [{ key: "team", value: "rides" }] });
  await protocol.post("model-versions/create", { name: "trips", source: "s3://elsewhere/model" });
  const ask = async (method: "GET" | "PATCH", url: string, payload?: object): Promise<{ status: number; body: Record<string, unknown> }> => {
    const answer = await protocol.server.inject({ method, url: `/api/registry/${url}`, ...(payload ? { payload } : {}) });
    return { status: answer.statusCode, body: JSON.parse(answer.body) as Record<string, unknown> };
  };
  return { ask };
}

test("a model is renamed, described and tagged in one step, and its history tells each", async () => {
  const { ask } = await openEditing();
  expect(await ask("PATCH", "models/trips", { name: "journeys", description: "# Long ones", tags: { team: null, stage: "new" } })).toEqual({ status: 200, body: { name: "journeys" } });
  expect((await ask("GET", "models/journeys")).body).toMatchObject({ description: "# Long ones", tags: { stage: "new" }, versions: [1] });
  const { entries } = (await ask("GET", "models/journeys/history")).body as { entries: { action: string }[] };
  expect(entries.map(({ action }) => action)).toContain("registry.model_renamed");
  expect((await ask("GET", "models/trips")).status).toBe(404);
});

test("a version is described and tagged", async () => {
  const { ask } = await openEditing();
  expect((await ask("PATCH", "models/trips/versions/1", { description: "the first", tags: { looked_at: "yes" } })).status).toBe(200);
  expect((await ask("GET", "models/trips/versions/1")).body).toMatchObject({ description: "the first", tags: { looked_at: "yes" } });
  expect((await ask("PATCH", "models/trips/versions/1", { tags: { looked_at: null } })).status).toBe(200);
  expect((await ask("GET", "models/trips/versions/1")).body).toMatchObject({ description: "the first", tags: {} });
});

test("what is refused keeps nothing: a name that is taken, a version that is not there", async () => {
  const { ask } = await openEditing();
  const { status, body } = await ask("PATCH", "models/trips", { name: "bad/name", description: "kept?" });
  expect([status, body]).toEqual([400, { error: expect.objectContaining({ message: expect.any(String) }) }]);
  expect((await ask("GET", "models/trips")).body).toMatchObject({ description: null });
  expect((await ask("PATCH", "models/trips/versions/9", { description: "x" })).status).toBe(404);
});
