import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { openReceiver } from "../src/registry/fixtures/open-receiver.ts";
import { startMillrace } from "./running-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const post = async (url: string, path: string, body: object): Promise<void> => {
  const answer = await fetch(`${url}/api/2.0/mlflow/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  expect(answer.status).toBe(200);
};

test("what was told to nobody before kill -9 is told after it, in order, and what was under way under the same id", async () => {
  const home = join(await temporaryFolder(), "home");
  const env = { MILLRACE_WEBHOOK_ALLOW: "localhost" };
  let mute = true;
  const receiver = await openReceiver((_request, response) => {
    if (!mute) response.end();
  });
  const first = await startMillrace(home, { env });
  await post(first.url, "webhooks", { name: "mill", url: receiver.url, secret: "s3cret-of-mine", events: [{ entity: "REGISTERED_MODEL", action: "CREATED" }] });
  const names = Array.from({ length: 5 }, (_, index) => `model-${index}`);
  for (const name of names) await post(first.url, "registered-models/create", { name });
  await receiver.count(1);
  await first.kill();
  mute = false;
  const second = await startMillrace(home, { env });
  const received = await receiver.count(6);
  expect(received.map(({ body }) => (JSON.parse(body) as { data: { name: string } }).data.name)).toEqual([names[0], ...names]);
  const ids = received.map(({ headers }) => headers["x-mlflow-delivery-id"]);
  expect([ids[1], new Set(ids).size]).toEqual([ids[0], 5]);
  expect((await readFile(join(home, "millrace.db"))).includes("s3cret-of-mine")).toBe(false);
  second.child.kill("SIGTERM");
  await second.exited;
});
