import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { config, endpoint, makeHome, modelFile, startProcess, trip, variant, writeConfig } from "../../fixtures/gateway-process.ts";
import { rowsOf } from "../../fixtures/tensors.ts";
import { hasLoops } from "./control-flow.ts";
import { onnxRuntime } from "./onnx-runtime.ts";

const run = promisify(execFile);

/** Process ids of what a process has started. */
async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await run("pgrep", ["-P", String(pid)]).catch(() => ({ stdout: "" }));
  return stdout.split("\n").filter(Boolean).map(Number);
}

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const amount = (...values: number[]) => [rowsOf("amount", values.length, Float32Array.from(values))];

describe("models that do not come to an end in time", () => {
  test.each([["slow", true], ["lengthy", true], ["trips-1", false], ["heavy", false], ["reshaped", false]])("%s has loops: %s", async (name, loops) => {
    expect(await hasLoops(modelFile(name))).toBe(loops);
  });

  test("a loop within a branch or a function is found, and what is no model has none", async () => {
    const home = await makeHome();
    // Protobuf by hand: a message as a field of another one.
    const field = (number: number, ...parts: Uint8Array[]) => {
      const content = Buffer.concat(parts);
      const tag = number * 8 + 2;
      return Buffer.concat([Uint8Array.from(tag < 128 ? [tag] : [(tag % 128) | 0x80, tag >> 7]), Uint8Array.from([(content.length % 128) | 0x80, content.length >> 7]), content]);
    };
    const node = (operator: string, ...attributes: Uint8Array[]) => [field(3, Buffer.from("name")), field(4, Buffer.from(operator)), ...attributes];
    const loop = field(1, ...node("Loop"));
    const cases: [string, Uint8Array, boolean][] = [
      ["in a graph, behind weights", field(7, field(5, Buffer.alloc(9000)), field(1, ...node("Add")), loop), true],
      ["in a branch", field(7, field(1, ...node("If", field(5, field(1, Buffer.from("then")), field(6, loop))))), true],
      ["in a function", Buffer.concat([field(7, field(1, ...node("Add"))), field(25, field(7, ...node("Loop")))]), true],
      ["nowhere", field(7, field(1, ...node("Loopy"))), false],
      ["in no model", Buffer.from("Loop, this is not a model"), false],
      ["in nothing", Buffer.alloc(0), false],
    ];
    for (const [what, bytes, loops] of cases) {
      const file = join(home, "m.onnx");
      await writeFile(file, bytes);
      expect([what, await hasLoops(file)]).toEqual([what, loops]);
    }
  });

  test("one whose sample takes too long is refused, and the gateway goes on meanwhile", async () => {
    const trips = endpoint("trips", variant("champion", "trips-1", 1));
    const home = await makeHome(config(1, trips));
    const gateway = await startProcess(home);
    await writeConfig(home, config(2, trips, endpoint("lengthy", variant("champion", "lengthy", 1, { options: { loadTimeoutMs: 1500 } }))));
    const reloaded = gateway.admin("reload");
    let slowest = 0;
    let asked = 0;
    for (let ended = false; !ended; asked++) {
      const start = performance.now();
      expect((await gateway.infer("trips", trip(1, 1, "Oslo"))).status).toBe(200);
      slowest = Math.max(slowest, performance.now() - start);
      ended = await Promise.race([reloaded.then(() => true), new Promise<boolean>((resolve) => setImmediate(() => resolve(false)))]);
    }
    const answer = await reloaded;
    expect([answer.status, await answer.text()]).toEqual([200, expect.stringMatching(/"refusals":\{"lengthy":.*lengthy.onnx was not loaded and tried on a sample row within 1500 ms; it may have a loop that does not end/)]);
    expect([asked > 20, slowest < 2000]).toEqual([true, true]);
    // The next one is tried as ever.
    await writeConfig(home, config(3, trips, endpoint("amount", variant("champion", "amount", 1))));
    expect((await gateway.admin("reload")).status).toBe(200);
  });

  test("a request that makes a loop run too long ends with its process; others hear why, and the model goes on", async () => {
    const model = await onnxRuntime.load(modelFile("slow"), { instances: 1, runTimeoutMs: 1500 });
    onTestFinished(() => model.release());
    expect(model.inline).toBe(false);
    const [late, behind] = await Promise.allSettled([model.run(amount(1e15)), model.run(amount(5))]);
    expect(late).toMatchObject({ status: "rejected", reason: { status: 504, message: expect.stringMatching(/took longer than 1500 ms for the request, and its process was ended/) } });
    expect(behind).toMatchObject({ status: "rejected", reason: { status: expect.toBeOneOf([503, 504]), message: expect.stringMatching(/process/) } });
    expect([...(await model.run(amount(7)))[0].data]).toEqual([7]);
  });

  test("a process that dies is told and replaced; a gateway that is killed leaves none behind, whatever it runs", async () => {
    const home = await makeHome(config(1, endpoint("slow", variant("champion", "slow", 1, { options: { instances: 1 } }))));
    const gateway = await startProcess(home);
    const ask = (value: number) => gateway.infer("slow", { inputs: [{ name: "amount", datatype: "FP32", shape: [1], data: [value] }] });
    let answered = false;
    const asking = ask(1e15).finally(() => (answered = true));
    await expect.poll(async () => {
      for (const pid of await childrenOf(gateway.child.pid!)) process.kill(pid, "SIGKILL");
      return answered;
    }).toBe(true);
    const first = await asking;
    expect([first.status, first.body.error]).toEqual([503, expect.stringMatching(/process of the model (ended before it answered the request: .*SIGKILL|cannot be reached)/)]);
    expect((await ask(3)).body.outputs?.[0].data).toEqual([3]);
    const lengthy = ask(1e15).catch(() => undefined);
    await gateway.admin("status");
    const children = await childrenOf(gateway.child.pid!);
    expect(children.length).toBeGreaterThan(0);
    gateway.child.kill("SIGKILL");
    await gateway.exited;
    await lengthy;
    await expect.poll(() => children.filter(isAlive), { timeout: 10_000 }).toEqual([]);
  });

  test("a process that starts later reads a file that is still what was deployed, or none", async () => {
    const home = await makeHome();
    const [folder, content] = [join(home, "models"), await readFile(modelFile("slow"))];
    const file = join(folder, "slow.onnx");
    await mkdir(folder);
    await writeFile(file, content);
    const sha256 = createHash("sha256").update(content).digest("hex");
    await writeConfig(home, config(1, endpoint("slow", variant("champion", "slow", 1, { location: file, content: { folder, files: { "slow.onnx": sha256 } }, options: { instances: 1, runTimeoutMs: 500 } }))));
    const gateway = await startProcess(home);
    const ask = (value: number) => gateway.infer("slow", { inputs: [{ name: "amount", datatype: "FP32", shape: [1], data: [value] }] });
    expect((await ask(3)).body.outputs?.[0].data).toEqual([3]);
    // One bit of a name within the file: it would still load.
    const spoiled = Buffer.from(content);
    spoiled[spoiled.length - 3] ^= 1;
    await writeFile(file, spoiled);
    expect((await ask(1e15)).status).toBe(504);
    const refused = await ask(3);
    expect([refused.status, refused.body.error]).toEqual([500, expect.stringMatching(/The model file \S+slow\.onnx is not what was deployed/)]);
    await writeFile(file, content);
    expect((await ask(4)).body.outputs?.[0].data).toEqual([4]);
  });
});
