import { execFile } from "node:child_process";
import { chmod, lstat, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { program, startMillrace } from "../../test/running-server.ts";
import { temporaryFolder } from "../../test/temporary-folder.ts";
import { alive } from "../process-alive.ts";

const run = promisify(execFile);
const down = async (home: string) => JSON.parse((await run(process.execPath, [program, "down", "--home", home, "--json"])).stdout) as { stopped: boolean; pid: number | null; gateway: number | null };
const gatewayOf = async (home: string): Promise<number> => (JSON.parse(await readFile(join(home, "run", "gateway.json"), "utf8")) as { pid: number }).pid;

test("what runs of a home is stopped: server and gateway, and a gateway whose server was killed", async () => {
  const home = await temporaryFolder();
  const first = await startMillrace(home);
  const ofFirst = await gatewayOf(home);
  expect(await down(home)).toEqual({ stopped: true, pid: first.child.pid, gateway: null });
  expect([alive(first.child.pid!), alive(ofFirst)]).toEqual([false, false]);
  const second = await startMillrace(home);
  const ofSecond = await gatewayOf(home);
  await second.kill();
  expect(alive(ofSecond)).toBe(true);
  expect(await down(home)).toEqual({ stopped: true, pid: null, gateway: ofSecond });
  expect(alive(ofSecond)).toBe(false);
  expect(await down(home)).toEqual({ stopped: false, pid: null, gateway: null });
});

test("a server that does not answer is stopped all the same", async () => {
  const home = await temporaryFolder();
  const server = await startMillrace(home);
  const gateway = await gatewayOf(home);
  // Stopped, it answers nobody; it gets its signal when it goes on.
  process.kill(server.child.pid!, "SIGSTOP");
  const stopping = down(home);
  await expect.poll(async () => (await readFile(`/proc/${server.child.pid}/status`, "utf8")).match(/ShdPnd:\s*(\w+)/)?.[1], { timeout: 20_000 }).toMatch(/4000$/);
  process.kill(server.child.pid!, "SIGCONT");
  expect(await stopping).toMatchObject({ stopped: true, pid: server.child.pid });
  expect(alive(gateway)).toBe(false);
});

test("a process that has the number of a gateway of before is left alone", async () => {
  const home = await temporaryFolder();
  await mkdir(join(home, "run"));
  await writeFile(join(home, "run", "gateway.json"), JSON.stringify({ pid: process.pid, host: "127.0.0.1", port: 1, grpcPort: null, token: "x", version: "0" }));
  expect(await down(home)).toEqual({ stopped: false, pid: null, gateway: null });
});

test("a home that was never there is not made", async () => {
  const home = join(await temporaryFolder(), "absent");
  expect(await down(home)).toEqual({ stopped: false, pid: null, gateway: null });
  await expect(lstat(home)).rejects.toThrow("ENOENT");
});

test("a home is its owner's alone, one of before is tightened, and what its links lead to is left", async () => {
  const home = await temporaryFolder();
  const outside = join(await temporaryFolder(), "outside");
  await writeFile(outside, "another's", { mode: 0o644 });
  await mkdir(join(home, "artifacts", "ab"), { recursive: true });
  await writeFile(join(home, "artifacts", "ab", "cd"), "content", { mode: 0o644 });
  await symlink(outside, join(home, "link"));
  await chmod(join(home, "artifacts"), 0o777);
  await chmod(home, 0o755);
  const server = await startMillrace(home);
  const run = await fetch(`${server.url}/api/2.0/mlflow/runs/create`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ experiment_id: "0" }) });
  const { run: made } = (await run.json()) as { run: { info: { run_id: string } } };
  expect((await fetch(`${server.url}/api/2.0/mlflow-artifacts/artifacts/0/${made.info.run_id}/artifacts/a.txt`, { method: "PUT", body: "text" })).status).toBe(200);
  const modes = new Map<string, number>();
  for (const name of ["", ...(await readdir(home, { recursive: true }))]) {
    const { mode } = await lstat(join(home, name));
    if (name !== "link") modes.set(name, mode & 0o777);
  }
  expect([...modes].filter(([, mode]) => (mode & 0o077) !== 0)).toEqual([]);
  expect(modes.get("artifacts/ab/cd")).toBe(0o600);
  expect(modes.size).toBeGreaterThan(8);
  expect((await lstat(outside)).mode & 0o777).toBe(0o644);
});

test.each<[string, (home: string) => Promise<string>, RegExp]>([
  ["a file", async (home) => {
    await writeFile(join(home, "file"), "");
    return join(home, "file");
  }, /The home folder \S+file is a file, or leads through one; remove it, or name another folder with --home/],
  ["below a file", async (home) => {
    await writeFile(join(home, "file"), "");
    return join(home, "file", "home");
  }, /The home folder \S+home is a file, or leads through one/],
  ["where nobody may write", async () => "/sys/millrace", /The home folder \/sys\/millrace (cannot be read and written|is on a file system that is read-only)/],
])("a home that is %s is refused in one sentence", async (_, make, sentence) => {
  const home = await make(await temporaryFolder());
  const failed = (await run(process.execPath, [program, "up", "--home", home, "--port", "0", "--gateway-port", "0"]).catch((error: unknown) => error)) as { code: number; stderr: string };
  expect(failed.stderr).toMatch(sentence);
  expect([failed.code, failed.stderr.trim().split("\n").length]).toEqual([2, 1]);
});
