import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { client } from "../../src/http/client.ts";
import type { PipelineRoutes } from "../../src/pipelines/routes.ts";
import { openRepository } from "../../src/pipelines/triggers/fixtures/git-repository.ts";
import type { RegistryRoutes } from "../../src/registry/routes.ts";
import { millrace, startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** Rows in which y follows from a and b. */
const rows = Array.from({ length: 300 }, (_, i) => [i % 17, (i * 7) % 13, 3 * (i % 17) - 2 * ((i * 7) % 13) + (i % 3)].join(",")).join("\n");

test("a project sets its triggers; one that is asked for trains, and once, also where the server is killed the moment after", { timeout: 300_000 }, async () => {
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
  await expect.poll(log, { timeout: 120_000 }).toMatchObject([{ id: firing.id, state: "succeeded", why: "local asked for it: new rides" }]);
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

test("a commit is trained, judged beside the champion and deployed; the version says which; one that does not build is said, and nothing of it stays", { timeout: 300_000 }, async () => {
  const [home, folder] = [await temporaryFolder(), await temporaryFolder()];
  const project = "model: rides\ndata: { source: rides.csv, target: y }\ntrain: { algorithm: linear }\n";
  const repository = await openRepository({ "millrace.yaml": project, "rides.csv": `a,b,y\n${rows}\n` });
  await writeFile(join(folder, "rides.csv"), `a,b,y\n${rows}\n`);
  await writeFile(join(folder, "millrace.yaml"), `${project}triggers:\n  code: { git: { repository: ${repository.path}, every: 1s } }\n`);
  const { url } = await startMillrace(home);
  expect(await millrace(["run", join(folder, "millrace.yaml"), "--home", home])).toMatchObject({ code: 0 });

  const commit = repository.commit("without the column b", { "millrace.yaml": project.replace("target: y", "target: y, exclude: [b]").concat("evaluate: { gate: { rmse: { max: 1000, better_than_champion: -10 } } }\n") });
  const api = client<PipelineRoutes>(url, "pipelines");
  const log = async () => (await api("GET /triggers/:name", { params: { name: "code" }, query: {} })).firings;
  await expect.poll(log, { timeout: 120_000 }).toMatchObject([{ state: "succeeded", details: { commit, branch: "main" } }]);
  const version = await client<RegistryRoutes>(url, "registry")("GET /models/:name/versions/:version", { params: { name: "rides", version: 2 } });
  expect(JSON.stringify(version)).toContain(commit);
  const rolled = await millrace(["rollback", "rides", "--commit", commit.slice(0, 10), "--home", home, "--json"]);
  expect(JSON.parse(rolled.out)).toMatchObject({ version: 2, changed: false });

  const kept = await readdir(join(home, "checkouts"));
  repository.commit("a column that is not there", { "millrace.yaml": project.replace("target: y", "target: z") });
  await expect.poll(async () => (await log())[0], { timeout: 120_000 }).toMatchObject({ state: "failed", reason: expect.stringContaining("z") as string });
  await expect.poll(() => readdir(join(home, "checkouts"))).toEqual(kept);
  expect((await api("GET /runs", { query: { model: "rides", state: "running" } })).runs).toEqual([]);
});
