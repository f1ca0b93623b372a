import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { client } from "../src/http/client.ts";
import type { PipelineRoutes } from "../src/pipelines/routes.ts";
import { millrace, startMillrace } from "./running-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Rows in which y follows from a and b. */
const rows = Array.from({ length: 300 }, (_, i) => [i % 17, (i * 7) % 13, 3 * (i % 17) - 2 * ((i * 7) % 13) + (i % 3)].join(",")).join("\n");

test("a project sets its triggers; one that is asked for trains, and once, also where the server is killed the moment after", { timeout: 120_000 }, async () => {
  const [home, folder] = [await temporaryFolder(), await temporaryFolder()];
  await writeFile(join(folder, "rides.csv"), `a,b,y\n${rows}\n`);
  await writeFile(join(folder, "millrace.yaml"), "model: rides\ndata: { source: rides.csv, target: y }\ntrain: { algorithm: linear }\ntriggers:\n  nightly: { cron: { expression: '0 3 * * *', zone: Europe/Berlin } }\n  by-hand: { api: {} }\n");
  const first = await startMillrace(home);
  const ran = await millrace(["run", join(folder, "millrace.yaml"), "--home", home, "--json"]);
  expect(ran).toMatchObject({ code: 0 });
  expect(ran.err).toContain("trigger rides.nightly fires at 0 3 * * * (Europe/Berlin)");

  const asked = await millrace(["triggers", "fire", "by-hand", "--reason", "new rides", "--home", home, "--json"]);
  expect(asked).toMatchObject({ code: 0 });
  const { firing } = JSON.parse(asked.out) as { firing: { id: string } };
  await first.kill();
  const { url } = await startMillrace(home);
  const api = client<PipelineRoutes>(url, "pipelines");
  const log = async () => (await api("GET /triggers/:name", { params: { name: "rides.by-hand" }, query: {} })).firings;
  await expect.poll(log, { timeout: 60_000 }).toMatchObject([{ id: firing.id, state: "succeeded", why: "local asked for it: new rides" }]);
  const { runs } = await api("GET /runs", { query: { model: "rides" } });
  expect(runs.map(({ trigger, actor, state }) => [trigger, actor, state])).toEqual([
    ["asked: by-hand, local asked for it: new rides", "trigger rides.by-hand", "succeeded"],
    ["manual", "local", "succeeded"],
  ]);

  const listed = await millrace(["triggers", "list", "--home", home]);
  expect(listed.out).toMatch(/rides\.by-hand +when it is asked for +ready .* succeeded/);
  expect(listed.out).toMatch(/rides\.nightly +at 0 3 \* \* \* \(Europe\/Berlin\).* ready +\d{4}-\d\d-\d\d 0[12]:00/);
  expect((await millrace(["triggers", "pause", "by-hand", "--reason", "the table moves", "--home", home])).out).toContain("rides.by-hand is paused");
  expect(await millrace(["triggers", "fire", "by-hand", "--home", home])).toMatchObject({ code: 5, err: expect.stringContaining("the table moves") as string });
  expect((await millrace(["triggers", "resume", "by-hand", "--home", home])).out).toContain("fires again");
  expect((await millrace(["triggers", "show", "by-hand", "--home", home])).out).toContain("rides.by-hand fires when it is asked for");
});
