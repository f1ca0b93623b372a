import { execFile, execFileSync } from "node:child_process";
import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { program, startMillrace } from "./running-server.ts";
import { disk, fill, makeRoom } from "./disk.ts";
import { freeBytes } from "../src/storage/disk-full.ts";

const run = promisify(execFile);

/** Whether this user may mount: where not, `src/storage/sqlite-errors.test.ts` fills a database by SQLite's own limit instead. */
const mayMount = await (async () => {
  const folder = `/tmp/millrace-mount-${process.pid}`;
  await mkdir(folder, { recursive: true });
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", folder], { stdio: "ignore" });
    execFileSync("umount", [folder], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  } finally {
    await rm(folder, { recursive: true });
  }
})();

test.skipIf(!mayMount)("a full disk: writers and uploads get 507 with folder and free bytes, reads go on, nothing is half there, and it heals when there is room", async () => {
  const folder = await disk(24);
  const home = join(folder, "home");
  const server = await startMillrace(home);
  const post = async (path: string, body: unknown) => {
    const answer = await fetch(`${server.url}/api/2.0/mlflow/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as { message?: string; run?: { info: { run_id: string } } } };
  };
  const made = await post("runs/create", { experiment_id: "0" });
  const id = made.body.run!.info.run_id;
  const put = (name: string, body: Uint8Array<ArrayBuffer>) => fetch(`${server.url}/api/2.0/mlflow-artifacts/artifacts/0/${id}/artifacts/${name}`, { method: "PUT", body });
  // More than there is room for is refused before it has come.
  const before = await readdir(join(home, "artifacts"), { recursive: true }).catch(() => []);
  const refused = await put("large.bin", Buffer.alloc(freeBytes(folder)! + 1_000_000));
  expect([refused.status, await refused.text()]).toEqual([507, expect.stringMatching(/The disk is full: \d+ bytes are free in \S+/)]);
  expect(await readdir(join(home, "artifacts"), { recursive: true }).catch(() => [])).toEqual(before);
  const health = async () => {
    const [answer, metrics] = await Promise.all([fetch(`${server.url}/health`), fetch(`${server.url}/metrics`)]);
    const { status, problems } = (await answer.json()) as { status: string; problems: { code: string; message: string }[] };
    return { http: answer.status, status, problems, full: /^millrace_server_disk_full\{folder="home"\} (\d)$/m.exec(await metrics.text())?.[1] };
  };
  // That one upload was too large says nothing of the others.
  expect(await health()).toEqual({ http: 200, status: "ok", problems: [], full: "0" });
  await fill(folder);
  expect(await health()).toEqual({ http: 200, status: "disk_full", problems: [{ code: "storage.disk_full", message: expect.stringMatching(/^The disk is full: 0 bytes are free in \S+home\. Writes are refused/) as string }], full: "1" });
  const gatewayMetrics = await (await fetch(`${server.gateway}/metrics`)).text();
  expect(gatewayMetrics).toMatch(/^millrace_gateway_disk_free_bytes 0$/m);
  const text = "t".repeat(5000);
  const outcomes: { key: string; status: number; message: string }[] = [];
  for (let at = 0; at < 200 && outcomes.filter(({ status }) => status !== 200).length < 5; at++) {
    const { status, body } = await post("runs/log-batch", { run_id: id, tags: [{ key: `k${at}`, value: text }] });
    outcomes.push({ key: `k${at}`, status, message: body.message ?? "" });
  }
  const failed = outcomes.filter(({ status }) => status !== 200);
  expect(failed.length).toBeGreaterThan(0);
  for (const one of failed) expect([one.status, one.message]).toEqual([507, expect.stringMatching(/^The disk is full: \d+ bytes are free in \S+home\b/)]);
  const upload = await put("small.bin", Buffer.alloc(200_000));
  expect(upload.status).toBe(507);
  const tagsNow = async (): Promise<string[]> => {
    const answer = await fetch(`${server.url}/api/2.0/mlflow/runs/get?run_id=${id}`);
    expect(answer.status).toBe(200);
    const { run: found } = (await answer.json()) as { run: { data: { tags?: { key: string }[] } } };
    return (found.data.tags ?? []).map(({ key }) => key).filter((key) => /^k\d+$/.test(key)).sort();
  };
  const acknowledged = outcomes.filter(({ status }) => status === 200).map(({ key }) => key);
  expect(await tagsNow()).toEqual(acknowledged.toSorted());
  await makeRoom(folder);
  expect(await health()).toEqual({ http: 200, status: "ok", problems: [], full: "0" });
  expect((await post("runs/log-batch", { run_id: id, tags: [{ key: "k-after", value: text }] })).status).toBe(200);
  expect((await put("small.bin", Buffer.alloc(200_000))).status).toBe(200);
  expect(await tagsNow()).toEqual(acknowledged.toSorted());
});

test.skipIf(!mayMount).each<[string, number, string, boolean, RegExp]>([
  ["full", 1, "", true, /(There is no space for the home folder|The disk is full: \d+ bytes are free in) \S+/],
  ["read-only", 1, ",ro", false, /The home folder \S+ is on a file system that is read-only; mount it for writing, or name another folder/],
])("a home on a disk that is %s is refused in one sentence", async (_, mebibytes, options, filled, sentence) => {
  const folder = await disk(mebibytes, options);
  if (filled) await fill(folder);
  const failed = (await run(process.execPath, [program, "up", "--home", join(folder, "home"), "--port", "0", "--gateway-port", "0"]).catch((error: unknown) => error)) as { code: number; stderr: string };
  expect(failed.stderr).toMatch(sentence);
  expect(failed.stderr.trim().split("\n")).toHaveLength(1);
  expect(failed.code).toBeGreaterThan(0);
});
