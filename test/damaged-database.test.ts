import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { logRun } from "./lived-in-home.ts";
import { millrace, startMillrace } from "./running-server.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Overwrites the root page of a table in the file, as a disk that rots does. */
async function breakTable(home: string, table: string): Promise<void> {
  const file = join(home, "millrace.db");
  const db = new DatabaseSync(file);
  db.exec("pragma wal_checkpoint(truncate)");
  const { rootpage } = db.prepare("select rootpage from sqlite_master where name = ?").get(table) as { rootpage: number };
  const { page_size: size } = db.prepare("pragma page_size").get() as { page_size: number };
  db.close();
  const handle = await open(file, "r+");
  await handle.write(Buffer.alloc(200, 0xa5), 0, 200, (rootpage - 1) * size);
  await handle.close();
}

const health = async (url: string) => {
  const answer = await fetch(`${url}/health`);
  return { http: answer.status, ...((await answer.json()) as { status: string; problems: { code: string; message: string }[] }) };
};

const post = async (url: string, path: string, body: unknown) => {
  const answer = await fetch(`${url}/api/2.0/mlflow/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  return { status: answer.status, message: ((await answer.json()) as { message?: string }).message ?? "" };
};

const sentence = (home: string): RegExp => new RegExp(`^The database ${join(home, "millrace.db")} is damaged \\(.*\\), so nothing is written to it: \`millrace doctor --home ${home}\` says what is wrong and what to do$`, "s");

test("a page that is broken at the start: the server starts, /health and the log say so, writes are refused in one sentence, reads go on", async () => {
  const home = join(await temporaryFolder(), "home");
  const first = await startMillrace(home);
  const run = await logRun(first.url, "kept");
  first.child.kill("SIGTERM");
  await first.exited;
  await breakTable(home, "trace_tags");
  const before = await readFile(join(home, "millrace.db"));
  const server = await startMillrace(home);
  expect(await health(server.url)).toMatchObject({ http: 503, status: "damaged", problems: [{ code: "storage.database_damaged", message: expect.stringMatching(sentence(home)) as string }] });
  expect(await (await fetch(`${server.url}/metrics`)).text()).toMatch(/^millrace_server_database_damaged 1$/m);
  for (const [path, body] of [["runs/create", { experiment_id: "0" }], ["runs/log-batch", { run_id: run, tags: [{ key: "a", value: "b" }] }], ["experiments/create", { name: "another" }]] as const) {
    expect(await post(server.url, path, body)).toEqual({ status: 503, message: expect.stringMatching(sentence(home)) as string });
  }
  const read = await fetch(`${server.url}/api/2.0/mlflow/runs/get?run_id=${run}`);
  expect([read.status, await read.text()]).toEqual([200, expect.stringContaining("kept")]);
  // Other commands find the server, and the doctor says more.
  expect(await millrace(["doctor", "--home", home])).toMatchObject({ code: 3, out: expect.stringMatching(/error database: The database is damaged/) as string });
  expect(await millrace(["down", "--home", home])).toMatchObject({ code: 0, out: expect.stringMatching(/^Stopped the server/) as string });
  // Nothing was written to what is broken.
  expect(await readFile(join(home, "millrace.db"))).toEqual(before);
});

test("a page that breaks under a running server: from the first sign on nothing is written", async () => {
  const home = join(await temporaryFolder(), "home");
  // A server that has made the tables itself has all their pages in memory.
  const first = await startMillrace(home);
  first.child.kill("SIGTERM");
  await first.exited;
  const server = await startMillrace(home);
  const run = await logRun(server.url, "kept");
  expect(await health(server.url)).toMatchObject({ http: 200, status: "ok" });
  // Nobody has asked for these yet, so no page of them is in memory.
  await breakTable(home, "sqlite_autoindex_traces_1");
  const sign = await fetch(`${server.url}/api/tracking/traces/absent`);
  expect([sign.status, ((await sign.json()) as { error: { message: string } }).error.message]).toEqual([503, expect.stringMatching(sentence(home))]);
  expect(await health(server.url)).toMatchObject({ http: 503, status: "damaged" });
  expect(await post(server.url, "runs/create", { experiment_id: "0" })).toEqual({ status: 503, message: expect.stringMatching(sentence(home)) as string });
  expect((await fetch(`${server.url}/api/2.0/mlflow/runs/get?run_id=${run}`)).status).toBe(200);
});
