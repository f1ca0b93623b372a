import { cp, mkdtemp, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { client } from "../../src/http/client.ts";
import type { Report } from "../../src/maintenance/types.ts";
import type { ServingRoutes } from "../../src/serving/routes.ts";
import { makeHome, type LivedIn } from "../lived-in-home.ts";
import { killGatewayOf, millrace, startMillrace, type RunningServer } from "../running-server.ts";

/*
 * Every kind of file of a home, spoiled in every way, under a real server and gateway. What is asked for is the same each time, and so is what must hold: an answer
 * is the one of the whole home or an error, and what is wrong is told by the start, by the answer or by the doctor, unless it was mended by the start.
 */
let folder = "";
let home = "";
let lived: LivedIn;
let truth: Answers;
const ends: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "millrace-files-"));
  ({ home, ...lived } = await makeHome(folder, { atEnd: (end) => void ends.push(end) }));
  await cp(home, join(folder, "whole"), { recursive: true, preserveTimestamps: true });
  const server = await startMillrace(home, { atEnd: (end) => void ends.push(end) });
  truth = await answersOf(server);
  if (Object.values(truth).some((answer) => typeof answer !== "string")) throw new Error(`the whole home does not answer: ${JSON.stringify(truth)}`);
  await server.kill();
  await killGatewayOf(home);
});

afterAll(async () => {
  for (const end of ends) await end();
  await rm(folder, { recursive: true, force: true });
});

/** What was answered: its text, or the status and sentence of an error. */
type Answers = Readonly<Record<string, string | { readonly status: number; readonly said: string }>>;

async function answersOf({ url, gateway }: RunningServer): Promise<Answers> {
  const answers: Record<string, Answers[string]> = {};
  const ask = async (what: string, address: string, of: (body: unknown, text: string) => string, body?: unknown): Promise<void> => {
    const answer = await fetch(address, body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    // A large file that turns out damaged breaks off.
    const text = await answer.text().catch((error: Error) => error);
    if (answer.ok && typeof text === "string") answers[what] = of(what === "notes" || what === "model" ? undefined : JSON.parse(text), text);
    else answers[what] = { status: answer.ok ? 500 : answer.status, said: typeof text === "string" ? text : text.message };
  };
  await ask("run", `${url}/api/2.0/mlflow/runs/get?run_id=${lived.run}`, (body) => JSON.stringify(body));
  await ask("notes", `${url}/api/2.0/mlflow-artifacts/artifacts/0/${lived.run}/artifacts/notes.txt`, (_, text) => text);
  await ask("version", `${url}/api/2.0/mlflow/model-versions/get?name=world&version=1`, (body) => JSON.stringify(body));
  const { deployments } = await client<ServingRoutes>(url, "serving")("GET /deployments").catch(() => ({ deployments: [] }));
  expect(deployments.length).toBeLessThanOrEqual(1);
  const inputs = [{ name: "x", shape: [3, 1], datatype: "FP32", data: [1, 5, 9] }, { name: "group", shape: [3, 1], datatype: "BYTES", data: ["a", "b", "a"] }];
  await ask("prediction", `${gateway}/v2/models/world/infer`, (body) => JSON.stringify((body as { outputs: { data: unknown }[] }).outputs.map(({ data }) => data)), { inputs });
  return answers;
}

const filesIn = async (within: string, fits: RegExp): Promise<string[]> => (await readdir(join(home, within), { recursive: true }).catch(() => [])).map((name) => join(home, within, name)).filter((path) => fits.test(path)).toSorted();

async function withContent(fits: (content: Buffer) => boolean): Promise<string> {
  for (const path of await filesIn("artifacts", /\/[0-9a-f]{62}$/)) if (fits(await readFile(path))) return path;
  throw new Error("the artifact is not there");
}

/** A file that stands alone: what is a link to an artifact is made a copy of it. */
async function alone(path: string): Promise<string> {
  const content = await readFile(path);
  await rm(path);
  await writeFile(path, content, { mode: 0o600 });
  return path;
}

type Find = () => Promise<string>;
const kinds: readonly (readonly [string, Find])[] = [
  ["an artifact", () => withContent((content) => content.toString() === lived.notes)],
  ["a model in the store", async () => alone(await withContent((content) => content.includes("pytorch") || content.includes("ai.onnx") || content.includes("millrace")))],
  ["a model in the gateway's folder", async () => alone((await filesIn("gateway/models", /\.onnx$/))[0])],
  ["a dataset", () => withContent((content) => content.subarray(0, 4).toString() === "PAR1")],
  ["a file of the prediction log", async () => (await filesIn("predictions", /\.parquet$/))[0]],
  ["a journal", async () => (await filesIn("gateway/journals", /\.rows$/))[0]],
  ["the database", async () => join(home, "millrace.db")],
  ["the gateway's configuration", async () => join(home, "gateway", "config.json")],
  ["what the gateway served last", async () => join(home, "gateway", "last-good.json")],
];

const spoils: readonly (readonly [string, (path: string) => Promise<void>])[] = [
  ["a bit turned", async (path) => {
    const content = await readFile(path);
    // Of a database a bit of its header and of the order of its pages: what a value holds SQLite has no checksum of.
    content[path.endsWith(".db") ? 21 : content.length >> 1] ^= 4;
    await writeFile(path, content);
  }],
  ["cut", async (path) => {
    const file = await open(path, "r+");
    await file.truncate((await stat(path)).size >> 1);
    await file.close();
  }],
  ["empty", (path) => writeFile(path, "")],
  ["gone", (path) => rm(path)],
  ["in the place of another", async (path) => {
    const other = await withContent((content) => content.length > 0 && content.toString() !== lived.notes);
    const from = other === path ? await withContent((content) => content.toString() === lived.notes) : other;
    await rename(path, `${path}.aside`);
    await cp(from, path);
    await rm(`${path}.aside`);
  }],
];

describe.each(kinds)("%s", (kind, find) => {
  test.each(spoils)("%s", async (spoiled, spoil) => {
    await rm(home, { recursive: true, force: true });
    await cp(join(folder, "whole"), home, { recursive: true, preserveTimestamps: true });
    await spoil(await find());
    const told: string[] = [];
    const server = await startMillrace(home).catch((error: Error) => void told.push(`start: ${error.message}`));
    if (server) {
      for (const [what, answer] of Object.entries(await answersOf(server))) {
        if (typeof answer === "string") expect([what, answer]).toEqual([what, truth[what]]);
        else told.push(`${what}: ${answer.status} ${answer.said}`);
      }
    } else {
      expect(told[0].split("\n")[0]).toMatch(/millrace\.db|home/);
    }
    if (server) {
      // What a journal has lost is counted by the gateway that took it up.
      const lost = /^millrace_prediction_log_lost_total ([1-9].*)$/m.exec(await (await fetch(`${server.gateway}/metrics`)).text())?.[1];
      if (lost !== undefined) told.push(`gateway: ${lost} rows of the log are lost`);
    }
    const { out } = await millrace(["doctor", "--home", home, "--full", "--json"]);
    const report = JSON.parse(out) as Report;
    for (const { severity, what, where, todo } of report.findings) if (severity === "error") told.push(`doctor: ${what} (${where}) → ${todo}`);
    if (server) {
      await server.kill();
      await killGatewayOf(home);
    }
    // An orderly stop of the whole home leaves no findings: what is not told was mended, so another look finds a whole home that answers.
    console.log(`${kind}, ${spoiled}: ${told.length > 0 ? told.map((one) => one.slice(0, 200)).join("\n   ") : "mended by the start"}`);
    if (told.length === 0) expect(report.whole).toBe(true);
    // What the start makes anew, and what nothing names, so that nobody can miss it but a backup.
    const mended = ["the gateway's configuration", "what the gateway served last", "a model in the gateway's folder"].includes(kind);
    // An empty journal is what a gateway leaves that was killed before its first row.
    const unnamed = (spoiled === "gone" && ["a file of the prediction log", "a journal"].includes(kind)) || (spoiled === "empty" && kind === "a journal");
    if (!mended && !unnamed) expect(told).not.toEqual([]);
  });
});
