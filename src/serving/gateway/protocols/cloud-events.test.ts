import { expect, test } from "vitest";
import { config, endpoint, makeHome, startProcess, trip, variant } from "../fixtures/gateway-process.ts";

const models = config(1, endpoint("trips", variant("champion", "trips-1", 1)));
const row = { distance: 1.5, seats: 2, city: "Rome" };
const event = { specversion: "1.0", id: "36077800", source: "https://example.com/trips", type: "com.example.trip", time: "2026-01-28T21:04:43Z" };
const binary = (more: Record<string, string | undefined> = {}) =>
  Object.fromEntries(Object.entries({ "content-type": "application/json", ...Object.fromEntries(Object.entries(event).map(([name, value]) => [`ce-${name}`, value])), ...more }).filter(([, value]) => value !== undefined)) as Record<string, string>;

async function ask(path: string, headers: Record<string, string>, body: unknown) {
  const { url } = await startProcess(await makeHome(models));
  const answer = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(body) });
  return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, unknown> };
}

test("an event in binary mode is answered by one, with the prediction as its data", async () => {
  const { headers, body } = await ask("/predict/trips", binary(), row);
  expect(body).toEqual({ prediction: 25 });
  expect(["specversion", "source", "type"].map((name) => headers.get(`ce-${name}`))).toEqual(["1.0", "io.kserve.inference.trips", "io.kserve.inference.response"]);
  expect(headers.get("ce-id")).not.toBe(event.id);
  expect(Date.parse(headers.get("ce-time")!)).toBeGreaterThan(Date.parse(event.time));
});

test.each([
  ["JSON data", { data: trip(1.5, 2, "Rome") }],
  ["data in base64", { data_base64: Buffer.from(JSON.stringify(trip(1.5, 2, "Rome"))).toString("base64") }],
])("an event in structured mode with %s is answered by one", async (_, data) => {
  const { headers, body } = await ask("/v2/models/trips/infer", { "content-type": "application/cloudevents+json" }, { ...event, ...data });
  expect(headers.get("content-type")).toBe("application/cloudevents+json");
  expect(body).toMatchObject({ source: "io.kserve.inference.trips", datacontenttype: "application/json", data: { model_name: "trips", outputs: [{ data: [25] }] } });
});

test.each<[string, Record<string, string>, unknown, RegExp]>([
  ["an event without a source", binary({ "ce-source": undefined }), row, /lacks ce-source/],
  ["a structured event without an id", { "content-type": "application/cloudevents+json" }, { ...event, id: "", data: row }, /lacks id/],
  ["a structured event that is a list", { "content-type": "application/cloudevents+json" }, [], /is a JSON object/],
  ["an event whose data the model refuses", binary(), { distance: "far", seats: 1, city: "Oslo" }, /takes numbers/],
])("%s is refused", async (_, headers, body, message) => {
  expect(await ask("/predict/trips", headers, body)).toMatchObject({ status: 400, body: { error: expect.stringMatching(message) } });
});
