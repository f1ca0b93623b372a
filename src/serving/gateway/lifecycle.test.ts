import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { access, copyFile, readFile, readdir, stat, utimes, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  config,
  endpoint,
  makeHome,
  modelFile,
  startProcess,
  trip,
  variant,
  writeConfig,
} from "./fixtures/gateway-process.ts";
import type { GatewayProcess } from "./fixtures/gateway-process.ts";

const one = config(1, endpoint("trips", variant("champion", "trips-1", 1)));
const two = config(2, endpoint("trips", variant("champion", "trips-2", 1)));
const price = async (gateway: GatewayProcess) =>
  (await gateway.infer("trips", trip(1, 1, "Oslo"))).body.outputs?.[0].data[0];

describe("life of the gateway", () => {
  test("its address is written for the owner only, and removed on a clean exit", async () => {
    const home = await makeHome(one);
    const gateway = await startProcess(home);
    const file = join(home, "run", "gateway.json");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(gateway.address).toMatchObject({
      pid: gateway.child.pid,
      host: "127.0.0.1",
      version: expect.stringMatching(/^\d+\.\d+/),
    });
    await gateway.admin("stop");
    expect(await gateway.exited).toBe(0);
    await expect(access(file)).rejects.toThrow("ENOENT");
  });

  test("a gateway that stops leaves the address of its successor", async () => {
    const home = await makeHome(one);
    const first = await startProcess(home);
    const second = await startProcess(home);
    await first.admin("stop");
    expect(await first.exited).toBe(0);
    expect(JSON.parse(await readFile(join(home, "run", "gateway.json"), "utf8"))).toEqual(second.address);
  });

  test("a home that cannot be written is said so, with exit code 1", async () => {
    const home = await makeHome(one);
    await writeFile(join(home, "run"), "a file where the folder should be");
    await expect(startProcess(home)).rejects.toThrow(/ended with 1: [^]*The gateway cannot start: .*run/);
  });

  test("the control paths need the token", async () => {
    const gateway = await startProcess(await makeHome(one));
    const ask = async (authorization?: string, path = "reload", method = "POST") => {
      const answer = await fetch(`${gateway.url}/_millrace/${path}`, {
        method,
        headers: authorization ? { authorization } : {},
      });
      return answer.status;
    };
    const right = `Bearer ${gateway.address.token}`;
    expect([await ask(), await ask("Bearer x"), await ask(gateway.address.token), await ask(right)]).toEqual([
      401, 401, 401, 200,
    ]);
    expect([await ask(right, "nothing"), await ask(right, "reload", "GET"), await ask(right, "__proto__")]).toEqual([
      404, 405, 404,
    ]);
  });

  test("a port that is taken is said so, with exit code 1", async () => {
    const gateway = await startProcess(await makeHome(one));
    const { port } = gateway.address;
    await expect(startProcess(await makeHome(one), "--port", String(port))).rejects.toThrow(
      `ended with 1: Port ${port} on 127.0.0.1 is taken by another program`,
    );
  });

  test.each([
    ["no home", ["--home"]],
    ["a port out of range", ["--port", "99999"]],
    ["an unknown option", ["--prot", "1"]],
  ])("%s is said so, with exit code 2", async (_, args) => {
    await expect(startProcess(await makeHome(one), ...args)).rejects.toThrow(/ended with 2: [^]*Usage/);
  });

  test("without a configuration it is alive but not ready, and becomes ready with a reload", async () => {
    const home = await makeHome();
    const gateway = await startProcess(home);
    expect((await fetch(`${gateway.url}/v2/health/live`)).status).toBe(200);
    expect((await fetch(`${gateway.url}/v2/health/ready`)).status).toBe(503);
    expect((await gateway.infer("trips", trip(1, 1, ""))).body.error).toMatch(/none is deployed/);
    await writeConfig(home, one);
    expect((await gateway.admin("reload")).status).toBe(200);
    expect((await fetch(`${gateway.url}/v2/health/ready`)).status).toBe(200);
    expect(await price(gateway)).toBe(13);
  });

  test("a reload under load swaps the model without one failed request", async () => {
    const home = await makeHome(one);
    const gateway = await startProcess(home);
    const load = { on: true };
    const seen = new Map<unknown, number>();
    const clients = Array.from({ length: 8 }, async () => {
      while (load.on) {
        const { status, body } = await gateway.infer("trips", trip(1, 1, "Oslo"));
        const outcome = status === 200 ? body.outputs?.[0].data[0] : body.error;
        seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
      }
    });
    for (let revision = 2; revision <= 21; revision++) {
      await writeConfig(home, { ...(revision % 2 ? one : two), revision });
      const answer = await gateway.admin("reload");
      expect(await answer.json()).toEqual({ revision, refusals: {} });
    }
    load.on = false;
    await Promise.all(clients);
    expect(new Set(seen.keys())).toEqual(new Set([13, 1013])); // both models answered, and nothing else was ever said
    expect(await price(gateway)).toBe(13);
  });

  test("a configuration that cannot be served changes nothing and says why", async () => {
    const home = await makeHome(one);
    const gateway = await startProcess(home);
    const broken = join(home, "broken.onnx");
    writeFileSync(broken, "no model");
    await writeConfig(home, config(2, endpoint("trips", variant("champion", "trips-2", 0.5))));
    expect((await gateway.admin("reload")).status).toBe(400);
    expect(await gateway.admin("status")).toMatchObject({ revision: 1, ready: true, configError: expect.stringMatching(/weights of "trips" sum to 0\.5, not 1/) });
    expect(await price(gateway)).toBe(13);
    const cases: [unknown, RegExp][] = [
      [
        config(2, endpoint("trips", variant("champion", "nowhere", 1))),
        /Variant "champion" \(version nowhere\) of "trips" cannot be loaded: Cannot read/,
      ],
      [
        config(2, endpoint("trips", variant("champion", "x", 1, { location: broken }))),
        /ONNX Runtime cannot load .*broken\.onnx/,
      ],
      [
        config(2, endpoint("trips", variant("champion", "x", 1, { location: `${broken}.txt` }))),
        /cannot be loaded: .*broken\.onnx\.txt/,
      ],
    ];
    for (const [bad, message] of cases) {
      await writeConfig(home, bad);
      const answer = await gateway.admin("reload");
      expect(answer.status).toBe(200);
      const refusals = { trips: { status: 400, message: expect.stringMatching(message) } };
      expect(await answer.json()).toEqual({ revision: 2, refusals });
      expect(await gateway.admin("status")).toMatchObject({ revision: 2, ready: true, configError: null, refusals });
      expect(await price(gateway)).toBe(13);
    }
  });

  test("an endpoint that cannot be served keeps no other from its changes, and is served when it can be", async () => {
    const home = await makeHome(one);
    const gateway = await startProcess(home);
    const later = join(home, "later.onnx");
    const other = endpoint("other", variant("champion", "x", 1, { location: later }));
    const third = endpoint("third", variant("champion", "trips-1", 1));
    await writeConfig(home, config(2, other, two.endpoints[0], third));
    expect(await (await gateway.admin("reload")).json()).toEqual({ revision: 2, refusals: { other: { status: 400, message: expect.stringMatching(/of "other" cannot be loaded/) } } });
    const names = async () => (await gateway.admin("status")).endpoints.map(({ name }) => name);
    expect([await price(gateway), await names()]).toEqual([1013, ["trips", "third"]]);
    // One that cannot be said goes on as it is; one that is not named goes.
    await writeConfig(home, { ...config(3, other), withheld: { trips: "its files have gone" } });
    expect(await (await gateway.admin("reload")).json()).toEqual({ revision: 3, refusals: { other: expect.anything(), trips: { status: 500, message: "its files have gone" } } });
    expect([await price(gateway), await names()]).toEqual([1013, ["trips"]]);
    await writeConfig(home, config(4, other, two.endpoints[0]));
    await copyFile(modelFile("trips-1"), later);
    expect(await (await gateway.admin("reload")).json()).toEqual({ revision: 4, refusals: {} });
    expect(await names()).toEqual(["other", "trips"]);
  });

  test("after kill -9 an endpoint that cannot be served is served as it was, the others as they are now", async () => {
    const home = await makeHome(config(1, endpoint("trips", variant("champion", "trips-1", 1)), endpoint("other", variant("champion", "trips-1", 1))));
    const gateway = await startProcess(home);
    await writeConfig(home, config(2, endpoint("trips", variant("champion", "nowhere", 1)), endpoint("other", variant("champion", "trips-2", 1))));
    await gateway.admin("reload");
    gateway.child.kill("SIGKILL");
    await gateway.exited;
    const second = await startProcess(home);
    const status = await second.admin("status");
    expect([await price(second), status.revision, status.endpoints.map(({ variants }) => variants[0].version).toSorted()]).toEqual([13, 2, ["trips-1", "trips-2"]]);
    expect(Object.keys(status.refusals)).toEqual(["trips"]);
  });

  test("after kill -9 it serves the last configuration that worked, even if a bad one was written since", async () => {
    const home = await makeHome(one);
    const gateway = await startProcess(home);
    await writeConfig(home, two);
    await gateway.admin("reload");
    gateway.child.kill("SIGKILL");
    expect(await gateway.exited).toBe("SIGKILL");

    const second = await startProcess(home);
    expect([await price(second), (await second.admin("status")).revision]).toEqual([1013, 2]);
    await writeFile(join(home, "gateway", "config.json"), "{ torn");
    second.child.kill("SIGKILL");
    await second.exited;

    const third = await startProcess(home);
    expect([await price(third), (await third.admin("status")).ready]).toEqual([1013, true]);
  });

  test("a change of weights keeps the counts and loads no model again", async () => {
    const home = await makeHome();
    const file = join(home, "model.onnx");
    await copyFile(modelFile("trips-1"), file);
    await utimes(file, 1e9, 1e9);
    const champion1 = variant("champion", "trips-1", 1, { location: file });
    await writeConfig(home, config(1, endpoint("trips", champion1)));
    const gateway = await startProcess(home);
    await price(gateway);
    // What cannot be loaded any more, though by inode, size and time it is the same file, must not be loaded.
    await writeFile(file, Buffer.alloc((await stat(file)).size));
    await utimes(file, 1e9, 1e9);
    await writeConfig(
      home,
      config(2, endpoint("trips", { ...champion1, weight: 0.5 }, variant("challenger", "trips-2", 0.5))),
    );
    expect((await gateway.admin("reload")).status).toBe(200);
    const [champion, challenger] = (await gateway.admin("status")).endpoints[0].variants;
    expect(champion).toMatchObject({ weight: 0.5, requests: 1, latency: { p50: expect.any(Number) } });
    expect(challenger).toMatchObject({ weight: 0.5, requests: 0, latency: { p50: null } });
  });

  test("SIGTERM answers what came in, writes the log, and exits 0", async () => {
    const home = await makeHome(one);
    const gateway = await startProcess(home);
    const body = JSON.stringify(trip(1, 1, "Oslo"));
    const open = request(`${gateway.url}/v2/models/trips/infer`, {
      method: "POST",
      headers: { "content-length": Buffer.byteLength(body) },
    });
    open.write(body.slice(0, 10));
    await price(gateway); // by now the gateway has the head of the open request
    const saysSo = new Promise<void>((resolve) => {
      let said = "";
      gateway.child.stderr!.on("data", (part: Buffer) => (said += String(part)).includes("stopping") && resolve());
    });
    gateway.child.kill("SIGTERM");
    await saysSo;
    await expect(fetch(gateway.url)).rejects.toThrow("fetch failed");
    const answered = once(open, "response");
    open.end(body.slice(10));
    const [answer] = await answered;
    answer.resume();
    expect([answer.statusCode, answer.headers.connection]).toEqual([200, "close"]);
    expect(await gateway.exited).toBe(0);
    const [day] = await readdir(join(home, "predictions", "trips"));
    expect(await readdir(join(home, "predictions", "trips", day))).toEqual([
      expect.stringMatching(/^trips-1-champion-.*\.parquet$/),
    ]);
  });

  test("with a delay it says first that it is not ready, and goes on answering new requests meanwhile", async () => {
    const gateway = await startProcess(await makeHome(one), "--shutdown-delay-seconds", "1");
    const saysSo = new Promise<void>((resolve) => {
      let said = "";
      gateway.child.stderr!.on("data", (part: Buffer) => (said += String(part)).includes("stopping") && resolve());
    });
    gateway.child.kill("SIGTERM");
    await saysSo;
    expect((await fetch(`${gateway.url}/v2/health/ready`)).status).toBe(503);
    expect((await fetch(`${gateway.url}/v2/health/live`)).status).toBe(200);
    expect(await price(gateway)).toBe(13);
    expect(await gateway.exited).toBe(0);
  });

  test("a request that never ends holds up a stop only as long as allowed", async () => {
    const gateway = await startProcess(await makeHome(one), "--drain-seconds", "0.1");
    const open = request(`${gateway.url}/v2/models/trips/infer`, {
      method: "POST",
      headers: { "content-length": 100 },
    });
    const cut = once(open, "error");
    open.write("{");
    await price(gateway);
    gateway.child.kill("SIGTERM");
    expect(await gateway.exited).toBe(0);
    await cut;
  });
});
