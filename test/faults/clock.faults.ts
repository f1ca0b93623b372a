import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { logRun, liveIn, predict } from "../lived-in-home.ts";
import { killGatewayOf, millrace, startMillrace } from "../running-server.ts";
import { gatewayOf, rowsIn } from "../endurance/gateway-under-load.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** Debian's libfaketime, for programs with threads. */
const library = ["x86_64", "aarch64"].map((machine) => `/usr/lib/${machine}-linux-gnu/faketime/libfaketimeMT.so.1`).find((path) => existsSync(path));

/** A clock that processes see beside the true one, to be set while they run. */
async function clock(folder: string): Promise<{ env: Record<string, string>; set: (by: string) => Promise<void> }> {
  if (library === undefined) throw new Error("These tests need Debian's package libfaketime: apt-get install libfaketime");
  const file = join(folder, "clock");
  const set = (by: string): Promise<void> => writeFile(file, `${by}\n`);
  await set("+0");
  return { env: { LD_PRELOAD: library, FAKETIME_TIMESTAMP_FILE: file, FAKETIME_NO_CACHE: "1", FAKETIME_DONT_FAKE_MONOTONIC: "1" }, set };
}

/** The times of the audit log, in the order of its entries (ms). */
function auditTimes(home: string): number[] {
  const db = new DatabaseSync(join(home, "millrace.db"), { readOnly: true });
  const rows = db.prepare("select time from audit_log order by seq").all();
  db.close();
  return rows.map(({ time }) => Number(time));
}

test("a clock that is set back two hours, and forward three days, under server and gateway: everything goes on, nothing is lost, and the doctor says so", async () => {
  const folder = await temporaryFolder();
  const home = join(folder, "home");
  const { env, set } = await clock(folder);
  const server = await startMillrace(home, { env });
  const { run, notes } = await liveIn(server, folder);
  const gateway = await gatewayOf(home);
  await gateway.flush();
  let rows = await rowsIn(join(home, "predictions"));
  for (const by of ["-2h", "+3d", "+0"]) {
    await set(by);
    await logRun(server.url, `at ${by}`);
    // Of this the audit log has an entry.
    const named = await fetch(`${server.url}/api/2.0/mlflow/registered-models/create`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ name: `at ${by}` }) });
    expect(named.status).toBe(200);
    await predict(server.url, 10);
    expect(await gateway.flush()).toBe(200);
    expect(await rowsIn(join(home, "predictions"))).toBe((rows += 10));
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    const away = { "-2h": /The server's clock is (2 h 0 min|1 h 59 min) away from this one/, "+3d": /The server's clock is (3 d 0 h|2 d 23 h) away from this one/ }[by];
    // The doctor reads the time that Node puts into answers, which it makes anew once a second, by a timer: one more look may be needed.
    if (away) await expect.poll(() => millrace(["doctor", "--home", home]), { timeout: 60_000 }).toMatchObject({ code: 3, out: expect.stringMatching(away) });
  }
  expect(await (await fetch(`${server.url}/api/2.0/mlflow-artifacts/artifacts/0/${run}/artifacts/notes.txt`)).text()).toBe(notes);
  const times = auditTimes(home);
  expect(Math.max(...times)).toBeGreaterThan(Date.now());
  // The chain of the audit log holds whatever the times in it are; what is ahead is told with what to do.
  const doctor = await millrace(["doctor", "--full", "--home", home]);
  expect(doctor.out).toMatch(/error clock: The database holds entries from .* ahead of this machine's clock/);
  expect(doctor.out).not.toMatch(/audit log was changed/);
  await server.kill();
  await killGatewayOf(home);
  const again = await startMillrace(home);
  await logRun(again.url, "afterwards");
  await predict(again.url, 1);
});

test("a backup that was made while the clock was ahead: the next one says what to do, and is made then", async () => {
  const folder = await temporaryFolder();
  const home = join(folder, "home");
  const { env, set } = await clock(folder);
  await (await startMillrace(home)).kill();
  await killGatewayOf(home);
  const place = join(folder, "backups");
  await set("+40d");
  const before = { ...process.env };
  Object.assign(process.env, env);
  const ahead = await millrace(["backup", place, "--home", home]).finally(() => {
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, before);
  });
  expect(ahead.code).toBe(0);
  const refused = await millrace(["backup", place, "--home", home]);
  const file = /take (\S+\.json) away/.exec(refused.err)?.[1];
  expect([refused.code > 0, refused.err, file && existsSync(file)]).toEqual([true, expect.stringMatching(/The newest backup in \S+ is of .*, and this machine's clock says/), true]);
  await rm(file!);
  expect(await millrace(["backup", place, "--home", home])).toMatchObject({ code: 0, err: "" });
  expect((await millrace(["backup", place, "--verify"])).code).toBe(0);
});
