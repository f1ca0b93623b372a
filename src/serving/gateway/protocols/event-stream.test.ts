import { expect, test } from "vitest";
import { invalid } from "../../../errors.ts";
import { config, endpoint, makeHome, startProcess, trip, variant } from "../fixtures/gateway-process.ts";
import type { InferenceAnswer } from "../inference-request.ts";
import { eventStream, wantsEvents } from "./event-stream.ts";

async function* parts(names: readonly string[], failAt = Infinity, ended: string[] = []): AsyncGenerator<InferenceAnswer> {
  try {
    for (const [index, version] of names.entries()) {
      if (index === failAt) throw invalid("test.unlucky", "That is unlucky.");
      yield { version } as InferenceAnswer;
    }
  } finally {
    ended.push("ended");
  }
}

const versionOf = ({ version }: InferenceAnswer): string => JSON.stringify(version);
async function read(body: unknown): Promise<string> {
  let text = "";
  for await (const part of body as AsyncIterable<string>) text += part;
  return text;
}

test("each part is an event; a failure among them is one, too, and the last", async () => {
  expect(await read((await eventStream(parts(["1", "2"]), versionOf)).body)).toBe('data: "1"\n\ndata: "2"\n\n');
  expect(await read((await eventStream(parts(["1", "2", "3"], 1), versionOf)).body)).toBe('data: "1"\n\nevent: error\ndata: {"error":"That is unlucky."}\n\n');
});

test("what fails before the first part is a plain failure", async () => {
  await expect(eventStream(parts(["1"], 0), versionOf)).rejects.toMatchObject({ status: 400 });
});

test("a reader that leaves early ends the model's stream", async () => {
  const ended: string[] = [];
  const { body } = await eventStream(parts(["1", "2", "3"], Infinity, ended), versionOf);
  for await (const _ of body as AsyncIterable<string>) break;
  expect(ended).toEqual(["ended"]);
});

test.each([["text/event-stream", true], ["application/json, text/event-stream;q=0.5", true], ["application/json", false], ["text/event-streams", false], [undefined, false]])("accept: %s", (accept, wanted) => {
  expect(wantsEvents(accept)).toBe(wanted);
});

test("a model that cannot stream answers with one event, plain and in the Open Inference Protocol", async () => {
  const { url } = await startProcess(await makeHome(config(1, endpoint("trips", variant("champion", "trips-1", 1)))));
  const plain = await fetch(`${url}/predict/trips`, { method: "POST", headers: { accept: "text/event-stream", "content-type": "application/json" }, body: JSON.stringify({ distance: 1.5, seats: 2, city: "Rome" }) });
  expect([plain.headers.get("content-type"), await plain.text()]).toEqual(["text/event-stream", 'data: {"prediction":25}\n\n']);
  const open = await fetch(`${url}/v2/models/trips/infer_stream`, { method: "POST", body: JSON.stringify(trip(1.5, 2, "Rome", { id: "a" })) });
  const [, event] = /^data: (.*)\n\n$/.exec(await open.text())!;
  expect(JSON.parse(event)).toMatchObject({ id: "a", model_name: "trips", outputs: [{ name: "prediction", data: [25] }] });
  const more = { distance: 1.5, seats: 2, city: "Atlantis", id: 7 };
  const told = await fetch(`${url}/predict/trips`, { method: "POST", headers: { accept: "text/event-stream", "content-type": "application/json" }, body: JSON.stringify(more) });
  expect([told.status, told.headers.get("x-ignored-inputs")]).toEqual([200, "id"]);
  await told.text();
  const wrong = await fetch(`${url}/v2/models/trips/infer_stream`, { method: "POST", body: "{}" });
  expect(wrong.status).toBe(400);
});
