import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdtemp, rm, utimes } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { logRun, makeHome, type LivedIn } from "../lived-in-home.ts";
import { killGatewayOf, millrace, startMillrace, type RunningServer } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { arm, runUntilKilled, type KillPoint } from "./kill-points.ts";

const fixture = join(import.meta.dirname, "../../src/mlflow/import/fixtures/mlruns");

let folder = "";
let whole = "";
let lived: LivedIn;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-kills-"));
  ({ home: whole, ...lived } = await makeHome(folder, { atEnd: (end) => void ends.push(end) }));
});

afterAll(async () => {
  for (const end of ends) await end();
  await rm(folder, { recursive: true, force: true });
});

/** A copy of the home that was lived in. */
async function copyOfHome(): Promise<string> {
  const home = join(await temporaryFolder(), "home");
  await cp(whole, home, { recursive: true, preserveTimestamps: true });
  return home;
}

const ended = (error: unknown): undefined => {
  // The server is gone: no answer came. An answer that is an error would be a fault.
  if (error instanceof TypeError) return undefined;
  throw error;
};

/** Starts a server that ends itself at a point, has `act` done until it does, and starts another; what the doctor then finds is nothing. */
async function killedAt(home: string, point: KillPoint, act: (server: RunningServer) => Promise<unknown>): Promise<RunningServer> {
  const armed = arm(await temporaryFolder(), point);
  const server = await startMillrace(home, { env: armed.env });
  const outcome = await act(server).catch(ended);
  await server.exited;
  expect(armed.reached(), String(outcome)).toMatch(new RegExp(point.at));
  const again = await startMillrace(home);
  const doctor = await millrace(["doctor", "--full", "--home", home]);
  expect([doctor.code, doctor.out]).toEqual([0, expect.stringMatching(/is whole\.\n/)]);
  return again;
}

const named = async (url: string, name: string): Promise<number> => {
  const answer = await fetch(`${url}/api/2.0/mlflow/runs/search`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ experiment_ids: ["0"], filter: `run_name = '${name}'` }) });
  return ((await answer.json()) as { runs?: unknown[] }).runs?.length ?? 0;
};

describe("the server, in a write", () => {
  test.each<[string, KillPoint, number]>([
    ["before the commit: nothing of it is there", { within: "main.ts up", at: "^before sql commit", since: "^after sql insert into \"runs\"" }, 0],
    ["after the commit, before the answer: all of it is there", { within: "main.ts up", at: "^after sql commit", since: "^after sql insert into \"runs\"" }, 1],
  ])("%s", async (_, point, there) => {
    const home = await copyOfHome();
    const { url: before } = await startMillrace(home);
    await logRun(before, "acknowledged");
    await killGatewayOf(home);
    expect((await millrace(["down", "--home", home])).code).toBe(0);
    const server = await killedAt(home, point, ({ url }) => logRun(url, "cut off"));
    expect([await named(server.url, "acknowledged"), await named(server.url, "cut off")]).toEqual([1, there]);
  });
});

describe("the server, in an upload", () => {
  const content = "flour ".repeat(100_000);
  test.each<[string, KillPoint]>([
    ["before its content is on the disk", { within: "main.ts up", at: "^before sync \\S+/artifacts/tmp/" }],
    ["before it has its name", { within: "main.ts up", at: "^before rename \\S+/artifacts/tmp/\\S+ \\S+/artifacts/[0-9a-f]{2}/" }],
    ["when it has its name", { within: "main.ts up", at: "^after rename \\S+/artifacts/tmp/\\S+ \\S+/artifacts/[0-9a-f]{2}/" }],
    ["before its folder is on the disk", { within: "main.ts up", at: "^before sync \\S+/artifacts/[0-9a-f]{2}$" }],
  ])("%s: it is not there, and can be sent again", async (_, point) => {
    const home = await copyOfHome();
    const path = `api/2.0/mlflow-artifacts/artifacts/0/${lived.run}/artifacts/flour.txt`;
    const send = ({ url }: RunningServer) => fetch(`${url}/${path}`, { method: "PUT", body: content });
    const server = await killedAt(home, point, send);
    expect((await fetch(`${server.url}/${path}`)).status).toBe(404);
    expect((await send(server)).status).toBe(200);
    expect(await (await fetch(`${server.url}/${path}`)).text()).toBe(content);
  });
});

describe("the server, while garbage is collected", () => {
  test.each<[string, KillPoint]>([
    ["before the rows are gone", { within: "main.ts up", at: "^before sql delete from \"runs\"" }],
    ["before a content is taken aside", { within: "main.ts up", at: "^before rename \\S+ \\S+/tmp/removing-" }],
    ["when a content is aside", { within: "main.ts up", at: "^after rename \\S+ \\S+/tmp/removing-" }],
    ["when a content is gone", { within: "main.ts up", at: "^after (rm|unlink) \\S+/tmp/removing-" }],
  ])("%s: what is needed stays, and it is done again to its end", async (_, point) => {
    const home = await copyOfHome();
    const first = await startMillrace(home);
    const run = await logRun(first.url, "chaff");
    const path = `api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/chaff.txt`;
    expect((await fetch(`${first.url}/${path}`, { method: "PUT", body: "chaff" })).status).toBe(200);
    await fetch(`${first.url}/api/2.0/mlflow/runs/delete`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ run_id: run }) });
    await first.kill();
    // What was put of late is not looked at: somebody may be about to name it.
    const sha256 = createHash("sha256").update("chaff").digest("hex");
    const longAgo = Date.now() / 1000 - 3 * 86_400;
    await utimes(join(home, "artifacts", sha256.slice(0, 2), sha256.slice(2)), longAgo, longAgo);
    const collect = () => millrace(["gc", "--older-than", "0s", "--home", home]);
    const server = await killedAt(home, point, async () => collect());
    const done = await collect();
    expect([done.code, done.err]).toEqual([0, ""]);
    expect((await fetch(`${server.url}/${path}`)).status).toBe(404);
    expect(await (await fetch(`${server.url}/api/2.0/mlflow-artifacts/artifacts/0/${lived.run}/artifacts/notes.txt`)).text()).toBe(lived.notes);
    expect((await millrace(["doctor", "--full", "--home", home])).code).toBe(0);
  });
});

describe("the server, while the schema is made", () => {
  test.each([0, 1, 5, 15, 25])("before the commit after %i others", async (after) => {
    const place = await temporaryFolder();
    const home = join(place, "home");
    await runUntilKilled(place, { within: "main.ts up", at: "^before sql commit", after }, ["up", "--home", home, "--port", "0", "--gateway-port", "0"]);
    await killGatewayOf(home);
    const server = await startMillrace(home);
    await logRun(server.url, "first");
    expect((await millrace(["doctor", "--full", "--home", home])).code).toBe(0);
  });
});

describe("an import", () => {
  test.each<[string, KillPoint]>([
    ["the server, before the rows of a run are committed", { within: "main.ts up", at: "^before sql commit", since: "^after sql insert into \"runs\"" }],
    ["the server, when a file of it has its name", { within: "main.ts up", at: "^after rename \\S+/artifacts/tmp/\\S+ \\S+/artifacts/[0-9a-f]{2}/" }],
  ])("%s: done again it brings the rest, once", async (_, point) => {
    const home = await copyOfHome();
    const bring = () => millrace(["import", "mlflow", "--from", fixture, "--home", home, "--json"]);
    const server = await killedAt(home, point, async () => bring());
    const again = await bring();
    expect([again.code, again.err]).toEqual([0, expect.any(String)]);
    const report = JSON.parse(again.out) as { leftOut: unknown[]; checked: { source: number; here: number }[] };
    expect([report.leftOut, report.checked.filter(({ source, here }) => source !== here)]).toEqual([[], []]);
    const once = JSON.parse((await bring()).out) as { carried: { runs: number } };
    expect([once.carried.runs, existsSync(join(home, "millrace.db"))]).toEqual([0, true]);
    expect(await named(server.url, "outer")).toBeLessThanOrEqual(1);
  });
});
