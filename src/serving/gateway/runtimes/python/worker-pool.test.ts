import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { makeHome } from "../../fixtures/gateway-process.ts";
import { keptLog } from "../../fixtures/load-model.ts";
import { rowsOf } from "../../fixtures/tensors.ts";
import type { LoadOptions } from "../runtime.ts";
import type { Clock } from "./clock.ts";
import { encodeFrame, frameReader, packTensors, unpackTensors } from "./frames.ts";
import type { Frame, TensorHead } from "./frames.ts";
import { lineReader } from "./lines.ts";
import { loadPyfunc } from "./python-runtime.ts";
import type { PythonModel } from "./python-runtime.ts";

const pretendPython = fileURLToPath(new URL("../../fixtures/pretend-python.mjs", import.meta.url));

/** Time that passes when the test says so; `planned` resolves when somebody waits for a moment so far away. */
class TestClock implements Clock {
  readonly #timers = new Set<{ readonly at: number; readonly act: () => void }>();
  #watchers: { readonly ms: number; readonly seen: () => void }[] = [];
  #now = 0;

  after(milliseconds: number, act: () => void): () => void {
    const timer = { at: this.#now + milliseconds, act };
    this.#timers.add(timer);
    for (const { seen } of this.#watchers.filter(({ ms }) => ms === milliseconds)) seen();
    this.#watchers = this.#watchers.filter(({ ms }) => ms !== milliseconds);
    return () => this.#timers.delete(timer);
  }

  /** Resolves when something is next planned in that many milliseconds. */
  planned(ms: number): Promise<void> {
    return new Promise((seen) => this.#watchers.push({ ms, seen }));
  }

  pass(milliseconds: number): void {
    this.#now += milliseconds;
    const due = Array.from(this.#timers).filter(({ at }) => at <= this.#now);
    for (const timer of due) {
      if (!this.#timers.delete(timer)) continue;
      timer.act();
    }
  }
}

async function load(options: LoadOptions = {}, ...marks: string[]) {
  const folder = await makeHome();
  for (const mark of ["MLmodel", ...marks]) await writeFile(join(folder, mark), "");
  const clock = new TestClock();
  const log = keptLog();
  const model = loadPyfunc(folder, { python: pretendPython, ...options }, { log }, clock);
  onTestFinished(async () =>  (await model.then((loaded) => loaded.release(), () => undefined)));
  return { model, clock, log, folder };
}

/** Asks the pretended model to do something; tells the process that answered. */
const ask = async (model: PythonModel, what: string, signal?: AbortSignal) => Number((await model.run([rowsOf(what, 0, new Float32Array(0))], { signal }))[0].name);

describe("workers of Python models", () => {
  test("as many processes as asked for; each answers one request at a time", async () => {
    const model = await (await load({ instances: 2 })).model;
    expect(model.pids).toHaveLength(2);
    const answered = await Promise.all(Array.from({ length: 20 }, () => ask(model, "echo")));
    expect(new Set(answered)).toEqual(new Set(model.pids));
    expect(model.memoryBytes).toBe(2000);
  });

  test("who is at fault is told apart", async () => {
    const model = await (await load()).model;
    await expect(ask(model, "refuse")).rejects.toMatchObject({ status: 400, code: "serving.model_refused", message: "not this" });
    const failure = await ask(model, "raise").then(() => undefined, (error: Error) => error);
    expect(failure).toMatchObject({ name: "Error", message: "ValueError: no" });
  });

  test("a request whose worker dies goes to another; the dead one is replaced, and its last words are in the log", async () => {
    const { model: loading, log } = await load();
    const model = await loading;
    const [before] = model.pids;
    const answered = await ask(model, "die once");
    expect(answered).not.toBe(before);
    expect(model.pids).toEqual([answered]);
    expect(log.messages.find((message) => message.includes("ended with exit code 3"))).toContain("a line before the end");
  });

  test("a request that kills two workers is answered 503; others wait while a worker starts, and are refused while none does", async () => {
    const { model: loading, clock } = await load();
    const model = await loading;
    const backedOff = clock.planned(250);
    await expect(ask(model, "die")).rejects.toMatchObject({ status: 503, code: "serving.no_worker" });
    await backedOff;
    expect(model.healthy()).toBe(false);
    await expect(ask(model, "echo")).rejects.toMatchObject({ status: 503, message: expect.stringMatching(/No process of the model is alive/) });
    clock.pass(250);
    const answered = await ask(model, "echo");
    expect(model.pids).toEqual([answered]);
    expect(model.healthy()).toBe(true);
  });

  test("workers that die without an answer are started again ever later; an answer resets that", async () => {
    const { model: loading, clock } = await load();
    const model = await loading;
    for (const delay of [250, 500, 1000]) {
      const planned = clock.planned(delay);
      await expect(ask(model, "die")).rejects.toMatchObject({ status: 503 });
      await planned;
      clock.pass(delay);
    }
    await ask(model, "echo");
    const planned = clock.planned(250);
    await expect(ask(model, "die")).rejects.toMatchObject({ status: 503 });
    await planned;
  });

  test("a worker that is late is killed, its request answered 504, and another one started", async () => {
    const { model: loading, clock } = await load({ runTimeoutMs: 700 });
    const model = await loading;
    const [before] = model.pids;
    const asked = ask(model, "hang");
    clock.pass(699);
    const next = ask(model, "echo");
    clock.pass(1);
    await expect(asked).rejects.toMatchObject({ status: 504, message: expect.stringMatching(/longer than 700 ms/) });
    expect(await next).not.toBe(before);
    expect(() => process.kill(before, 0)).toThrow("ESRCH");
  });

  test("a worker that gives no sign of life while idle is replaced", async () => {
    const { model: loading, clock, log } = await load();
    const model = await loading;
    const [before] = model.pids;
    await ask(model, "fall silent");
    clock.pass(10_000);
    const started = clock.planned(120_000);
    clock.pass(10_000);
    await started;
    expect(await ask(model, "echo")).not.toBe(before);
    expect(log.messages.join()).toMatch(/gave no sign of life for 10000 ms/);
  });

  test("a worker is replaced after so many requests, and none of them waits for it", async () => {
    const { model: loading, clock } = await load({ recycleAfter: 3 });
    const model = await loading;
    const first = await ask(model, "echo");
    expect(await ask(model, "echo")).toBe(first);
    const ready = clock.planned(5000); // the former one is asked to end when the new one is there
    expect(await ask(model, "echo")).toBe(first);
    expect(model.healthy()).toBe(true);
    await ready;
    expect(await ask(model, "echo")).not.toBe(first);
  });

  test("a worker that has grown too much is replaced", async () => {
    const { model: loading, clock } = await load({ memoryCapBytes: 1e6 });
    const model = await loading;
    const first = await ask(model, "grow");
    const beating = clock.planned(10_000); // the next heartbeat is planned when the answer to this one is in
    clock.pass(10_000);
    await beating; // the watch on the answer to the ping
    await clock.planned(10_000);
    expect(model.memoryBytes).toBe(1e9);
    const replaced = clock.planned(5000);
    await ask(model, "echo");
    await replaced;
    expect(await ask(model, "echo")).not.toBe(first);
  });

  test("a worker that sends what cannot be read is replaced", async () => {
    const { model: loading } = await load();
    const model = await loading;
    await expect(ask(model, "babble")).rejects.toMatchObject({ status: 504 });
    expect(await ask(model, "echo")).toBe(model.pids[0]);
  });

  test("a request that nobody waits for any more leaves the queue", async () => {
    const { model: loading, clock } = await load({ runTimeoutMs: 700 });
    const model = await loading;
    const hanging = ask(model, "hang");
    const controller = new AbortController();
    const waiting = ask(model, "die", controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ status: 499 });
    clock.pass(700);
    await expect(hanging).rejects.toMatchObject({ status: 504 });
    await ask(model, "echo");
  });

  test("release ends the workers and what waits", async () => {
    const { model: loading } = await load({ instances: 2 });
    const model = await loading;
    const { pids } = model;
    await model.release();
    expect(model.healthy()).toBe(false);
    for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow("ESRCH");
  });

  test.each<[string, LoadOptions, string[], RegExp]>([
    ["a Python without mlflow", {}, ["unloadable"], /there is no mlflow/],
    ["a worker that dies at once", {}, ["dies at start"], /ended with exit code 1 before .* was loaded/],
    ["a Python that is not there", { python: "/nowhere/python" }, [], /The Python "\/nowhere\/python" cannot be started/],
  ])("%s is said, and nothing is left", async (_, options, marks, message) => {
    await expect((await load(options, ...marks)).model).rejects.toThrow(message);
  });

  test("a model that is not loaded in time is said, and nothing is left", async () => {
    const { model, clock } = await load({ loadTimeoutMs: 900 }, "never ready");
    await clock.planned(900);
    clock.pass(900);
    await expect(model).rejects.toThrow(/was not loaded within 900 ms/);
  });

  test("a model that Millrace packed is asked as every model trained here: by its readings, with its classes, and by no code of MLflow's", async () => {
    const { model: loading } = await load({}, "packed");
    const model = await loading;
    expect(model.inputs).toMatchObject([
      { name: "size", datatype: "FP64", reading: { type: "number", decimal: "," } },
      { name: "since", datatype: "BYTES", fed: "FP64", reading: { type: "timestamp" } },
      { name: "plan", datatype: "BYTES", reading: { type: "category" } },
    ]);
    expect([model.classes, model.namedColumns, typeof Reflect.get(model, "native")]).toEqual([["no", "yes"], true, "undefined"]);
    const { model: other } = await load();
    expect([(await other).classes, (await other).namedColumns, typeof Reflect.get(await other, "native")]).toEqual([undefined, undefined, "function"]);
  });

  test("a folder without MLmodel is refused by name", async () => {
    const folder = await makeHome();
    await expect(loadPyfunc(folder, {}, { log: keptLog() }, new TestClock())).rejects.toThrow(`Cannot read the model ${folder}: there is no file MLmodel in it`);
  });
});

describe("frames", () => {
  test("come whole out of any pieces", () => {
    const tensors = [rowsOf("a", 2, Float64Array.of(1, NaN)), rowsOf("b", 3, ["x", "", "ü"]), rowsOf("c", 1, BigInt64Array.of(-1n))];
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 50 }), (cuts) => {
        const { heads, parts } = packTensors(tensors);
        const one = Buffer.concat(encodeFrame({ heads }, parts));
        const bytes = Buffer.concat([one, one, Buffer.concat(encodeFrame({ heads: [] }, []))]);
        const frames: Frame<{ heads: TensorHead[] }>[] = [];
        const read = frameReader<{ heads: TensorHead[] }>((frame) => frames.push(frame));
        for (let at = 0, turn = 0; at < bytes.length; turn++) {
          const size = cuts[turn % cuts.length];
          read(Buffer.from(bytes.subarray(at, at + size)));
          at += size;
        }
        expect(frames.map(({ header, body }) => unpackTensors(header.heads, body))).toEqual([tensors, tensors, []]);
      }),
    );
  });

  test("lines come out of any pieces, long ones in parts", () => {
    const lines: string[] = [];
    const read = lineReader((line) => lines.push(line));
    for (const part of ["one\ntw", "o\n\n", "x".repeat(9000), "y\nlast", undefined]) read(part);
    expect(lines).toEqual(["one", "two", "x".repeat(8192), "y", "last"]);
  });
});
