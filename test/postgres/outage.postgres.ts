import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { expect, onTestFinished, test } from "vitest";
import { client } from "../../src/http/client.ts";
import type { PipelineRoutes } from "../../src/pipelines/routes.ts";
import { testDatabase } from "../../src/storage/fixtures/open-test-database.ts";
import { usual, writeWorld } from "../daily-world.ts";
import { millrace, runProject, startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { startPostgres } from "./start-postgres.ts";

const server = new URL(process.env["MILLRACE_TEST_DATABASE"]!);
const secret = decodeURIComponent(server.password);

const changed = (change: (url: URL) => void): string => {
  const url = new URL(server);
  change(url);
  return url.href;
};

test.each([
  ["a wrong password", changed((url) => (url.password = "wr0ng-secret")), 2, /refuses Millrace: password authentication failed.*right password/],
  ["a database that is not there", changed((url) => (url.pathname = "/nothing")), 2, /"nothing" does not exist.*createdb/],
  ["a place where nobody listens", changed((url) => (url.port = "1")), 5, /postgres:\/\/millrace@127\.0\.0\.1:1\/postgres does not answer \(.*ECONNREFUSED.*is PostgreSQL running there/],
  ["a host that is not there", changed((url) => (url.hostname = "nowhere.invalid")), 5, /nowhere\.invalid.* does not answer/],
  ["another kind of database", "mysql://me:wr0ng-secret@127.0.0.1/x", 2, /--database begins with mysql:\/\/; it must read postgres:/],
  ["no URL", "postgres://me:wr0ng-secret@[/x", 2, /--database is no URL/],
  ["no database in it", "postgres://me:wr0ng-secret@127.0.0.1", 2, /names no database/],
  ["a database in another encoding", changed((url) => (url.pathname = "/latin")), 2, /latin is encoded as LATIN1; Millrace needs UTF8/],
  ["a schema that is not there", changed((url) => url.searchParams.set("options", "-c search_path=nothing")), 2, /No schema of the search path is there/],
  ["a user who may make no tables", changed((url) => ([url.username, url.password] = ["guest", "wr0ng-secret"])), 2, /guest may not make tables in the schema public.*owner/],
])("%s is said in one sentence, without the password", async (what, database, code, says) => {
  const admin = new Client({ connectionString: server.href });
  await admin.connect();
  if (what.includes("encoding")) await admin.query("create database latin encoding 'LATIN1' locale 'C' locale_provider libc template template0");
  if (what.includes("user")) await admin.query("create role guest login password 'wr0ng-secret'");
  await admin.end();
  const { err, out, ...ran } = await millrace(["up", "--database", database, "--home", await temporaryFolder(), "--port", "0", "--gateway-port", "0"]);
  const sentence = err.split("\n").find((line) => line.startsWith("error ")) ?? `no error in ${err}`;
  expect(sentence).toMatch(says);
  expect(ran.code).toBe(code);
  for (const text of [secret, encodeURIComponent(secret), "wr0ng-secret"]) expect(`${out}${err}`).not.toContain(text);
});

test("the processes it starts show no password: not in their arguments, and the gateway not in its environment", async () => {
  const folder = await temporaryFolder();
  const [home, file] = [join(folder, "home"), await writeWorld(folder, { baseDays: 20, liveDays: 2, target: usual })];
  const ran = await millrace(["run", file, "--database", (await testDatabase(home))!, "--home", home, "--port", "0", "--gateway-port", "0", "--json"]);
  onTestFinished(async () => void (await millrace(["down", "--home", home])));
  expect([ran.code, ran.err.includes(server.password), ran.out.includes(server.password)]).toEqual([0, false, false]);
  const pidIn = async (name: string): Promise<number> => (JSON.parse(await readFile(join(home, "run", name), "utf8")) as { pid: number }).pid;
  const [up, gateway] = [await pidIn("server.json"), await pidIn("gateway.json")];
  for (const path of [`/proc/${up}/cmdline`, `/proc/${gateway}/cmdline`, join(home, "run", "server.json"), join(home, "logs", "server.log")]) {
    expect(await readFile(path, "utf8")).not.toContain(`:${server.password}@`);
  }
  const environment = (pid: number): Promise<string> => readFile(`/proc/${pid}/environ`, "utf8");
  expect([(await environment(up)).includes("MILLRACE_DATABASE="), (await environment(gateway)).includes("MILLRACE_DATABASE=")]).toEqual([true, false]);
});

test("while the database is away requests are told so; when it is back everything goes on, runs that were under way too", async () => {
  const postgres = await startPostgres();
  onTestFinished(postgres.stop);
  const folder = await temporaryFolder();
  const file = await writeWorld(folder, { baseDays: 20, liveDays: 2, target: usual });
  const { url } = await startMillrace(join(folder, "home"), { env: { MILLRACE_DATABASE: postgres.url } });
  const create = (name: string): Promise<Response> =>
    fetch(`${url}/api/2.0/mlflow/experiments/create`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ name }) });
  expect((await create("before")).status).toBe(200);
  const pipelines = client<PipelineRoutes>(url, "pipelines");
  const running = runProject(url, file, "first").catch(() => undefined);
  const read = () => pipelines("GET /runs/:id", { params: { id: "first" } }).catch(() => undefined);
  await expect.poll(async () => (await read())?.steps.some((step) => step.id === "train" && step.state === "running"), { timeout: 60_000, interval: 10 }).toBe(true);

  await postgres.crash();
  await running;
  const refused = await create("during");
  const { error_code: code, message } = (await refused.json()) as { error_code: string; message: string };
  expect([refused.status, code]).toEqual([503, "TEMPORARILY_UNAVAILABLE"]);
  expect(message).toMatch(/does not answer/);
  expect(message).not.toContain(decodeURIComponent(new URL(postgres.url).password));

  await postgres.start();
  await expect.poll(async () => (await create("after")).status, { timeout: 15_000 }).toBe(200);
  await expect.poll(async () => (await read())?.state, { timeout: 90_000 }).toBe("succeeded");
});
