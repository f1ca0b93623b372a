import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { ingest } from "../../src/data/sources/ingest.ts";
import { readTable } from "../../src/data/read-table.ts";
import { withRowNumbers } from "../../src/data/row-numbers.ts";
import { selectRows } from "../../src/data/select-rows.ts";
import type { IngestOutput } from "../../src/data/ingest-step.ts";
import { openFolderBlobs } from "../../src/storage/folder-blobs.ts";
import { PackedModels } from "../../src/training/recipes/python/packed-models.ts";
import { runRecipe, type RecipeResult } from "../../src/training/recipes/run-recipe.ts";
import type { Recipe } from "../../src/training/recipes/types.ts";
import { temporaryFolder } from "../temporary-folder.ts";

const fixture = new URL("fixtures/linear-onnx.mjs", import.meta.url);

interface Given {
  /** Files of the recipe by name; `linear-onnx.mjs` is always there. */
  readonly files: Readonly<Record<string, string>>;
  readonly run: string;
  readonly format?: Recipe["format"];
  readonly timeout?: number;
  readonly params?: Readonly<Record<string, unknown>>;
  readonly rows?: readonly number[];
}

/** A table of rooms, size, whether it is let and price; every recipe of a folder shares its artifact store and what is kept. */
async function workshop(csv = "rooms,size,let,price\n1,10,true,100\n2,20,false,200\n3,,true,300\n4,40,false,400\n") {
  const folder = await temporaryFolder();
  const blobs = openFolderBlobs(join(folder, "artifacts"));
  const [source, into, workdir, kept] = ["table.csv", "table.parquet", "work", "kept"].map((name) => join(folder, name));
  await writeFile(source, csv);
  await mkdir(workdir);
  const ingested = await ingest({ source, into });
  const file = await blobs.putFile(into);
  const table: IngestOutput = { file, rows: ingested.rows, columns: ingested.columns, remarks: [], version: "v", manifest: "{}" };
  const whole = withRowNumbers(await readTable(into));
  const printed: string[] = [];
  const told: string[] = [];
  const train = async ({ files, run, format = "csv", timeout, params = {}, rows }: Given): Promise<RecipeResult> => {
    const laid = Object.entries({ ...files, "linear-onnx.mjs": await readFile(fixture, "utf8") });
    const recipe: Recipe = { run, format, timeout: timeout ?? null, code: "c", files: await Promise.all(laid.map(async ([path, text]) => ({ path, executable: path.endsWith(".sh"), ...(await blobs.put(Buffer.from(text))) }))) };
    return runRecipe(
      { recipe, train: rows ? selectRows(whole, Uint32Array.from(rows)) : whole, table, request: { features: ["rooms", "size", "let"], target: "price", task: "regression", seed: 7, params }, time: null },
      { workdir, report: ({ message }) => told.push(message), print: (text) => printed.push(text), place: { runId: "run-1", stepId: "train", server: null, kept }, experimentId: null, part: null, packed: new PackedModels({ blobs, workdir }) },
      blobs,
    );
  };
  return { folder, workdir, kept, blobs, train, printed, told };
}

/** A script that has the job at hand. */
const script = (body: string): Record<string, string> => ({
  "train.mjs": `import { readFileSync, writeFileSync, existsSync, mkdirSync } from "node:fs"; import { join } from "node:path"; import { linearOnnx } from "./linear-onnx.mjs";\nconst job = JSON.parse(readFileSync(process.env.MILLRACE_JOB, "utf8"));\n${body}\n`,
});
const leave = (name = "model.onnx", weights = "[100, 0, 0]"): string => `writeFileSync(join(job.model_dir, ${JSON.stringify(name)}), linearOnnx(${weights}, 0));`;
const node = "node train.mjs";

describe("a command is told its job", () => {
  test("by a file with exactly these keys, and by the environment; it gets the rows to train on and no others", async () => {
    const { train, printed, workdir } = await workshop();
    const dump = `console.log(JSON.stringify({ job, env: Object.fromEntries(Object.entries(process.env).filter(([name]) => /^(MILLRACE|MLFLOW)_/.test(name))), rows: readFileSync(job.train, "utf8"), model: existsSync(job.model_dir), checkpoints: existsSync(job.checkpoint_dir) }));`;
    // The model is tried on rows whose size is there.
    const made = await train({ files: script(dump + leave("deep.onnx", "[100, 0.5, 7]")), run: node, params: { depth: 3 }, rows: [0, 1, 3] });
    const { job, env, rows, model, checkpoints } = JSON.parse(printed.join("")) as { job: Record<string, unknown>; env: Record<string, string>; rows: string; model: boolean; checkpoints: boolean };
    expect(Object.keys(job)).toEqual(["train", "target", "features", "params", "seed", "run_id", "tracking_uri", "model_dir", "checkpoint_dir"]);
    expect(job).toMatchObject({ target: "price", features: ["rooms", "size", "let"], params: { depth: 3 }, seed: 7, run_id: "run-1", tracking_uri: null });
    expect(rows).toBe("rooms,size,let,price\n1,10,true,100\n2,20,false,200\n4,40,false,400\n");
    expect([model, checkpoints]).toEqual([true, true]);
    expect(env).toMatchObject({ MILLRACE_TRAIN: job["train"], MILLRACE_TARGET: "price", MILLRACE_PARAMS: '{"depth":3}', MILLRACE_SEED: "7", MILLRACE_MODEL_DIR: job["model_dir"], MILLRACE_CHECKPOINT_DIR: job["checkpoint_dir"] });
    expect(Object.keys(env).filter((name) => name.startsWith("MLFLOW_"))).toEqual([]);
    expect(made.signature.features.map(({ name, type }) => `${name} ${type}`)).toEqual(["rooms number", "size number", "let category"]);
    expect(await readdir(workdir)).toEqual([]);
  });

  test("rows come as Parquet by default, with the types they are stored in", async () => {
    const { train, printed, folder } = await workshop();
    await train({ files: script(`const { copyFileSync } = await import("node:fs"); copyFileSync(job.train, ${JSON.stringify(join(folder, "seen.parquet"))}); console.log(job.train.split(".").pop()); ${leave()}`), run: node, format: "parquet", rows: [1, 3] });
    expect(printed.join("").trim()).toBe("parquet");
    const seen = await readTable(join(folder, "seen.parquet"));
    expect(seen.columns.map(({ name, type }) => `${name} ${type}`)).toEqual(["rooms number", "size number", "let category", "price number"]);
    expect(seen.columns[3].type === "number" && [...seen.columns[3].values]).toEqual([200, 400]);
  });

  test("any program may train: a shell and an executable of the recipe", async () => {
    const { train, blobs } = await workshop();
    const files = { ...script(leave()), "go.sh": "#!/bin/sh\nset -e\ntest -f \"$MILLRACE_TRAIN\"\nnode train.mjs\n" };
    const { log } = await train({ files, run: "./go.sh && echo done", rows: [0, 1] });
    expect((await blobs.get(log.sha256)).toString()).toBe("done\n");
  });
});

const hang = "setInterval(() => undefined, 1000);";

describe("every end has its own state and a sentence that helps", () => {
  test.each<[string, Given, string, RegExp]>([
    ["an exit code, with the last lines", { files: script(`console.error("Traceback:\\n  the data are wet"); process.exit(3);`), run: node }, "training.command_failed", /"node train\.mjs" ended with exit code 3; its last lines:\nTraceback:\n {2}the data are wet/],
    ["silence", { files: {}, run: "exit 5" }, "training.command_failed", /exit code 5; it printed nothing/],
    ["a program that is not there", { files: {}, run: "no-such-program-anywhere --now" }, "training.command_not_found", /cannot be started \(exit code 127: a program in it is not there/],
    ["a crash", { files: script("process.kill(process.pid, 'SIGSEGV');" + hang), run: node }, "training.command_crashed", /ended by SIGSEGV, a crash in compiled code/],
    ["SIGKILL by nobody knows whom", { files: script("process.kill(process.pid, 'SIGKILL');" + hang), run: node }, "training.killed", /SIGKILL: by somebody, or by a limit on this machine/],
    ["SIGKILL of a program that a shell waits for", { files: script("process.kill(process.pid, 'SIGKILL');" + hang), run: "node train.mjs; exit $?" }, "training.killed", /SIGKILL/],
    ["no memory", { files: script(`console.error("MemoryError: Unable to allocate 80. GiB for an array"); process.exit(1);`), run: node }, "training.out_of_memory", /needed more memory than there is\. Train on fewer rows/],
    ["no room on the disk", { files: script(`console.error("OSError: [Errno 28] No space left on device: 'model.bin'"); process.exit(1);`), run: node }, "training.disk_full", /found no room on the disk/],
    ["no model", { files: script(""), run: node }, "training.no_model", /ended well without a model .*, and logged none to its run: nothing is in it/],
    ["another file than a model", { files: script(`mkdirSync(join(job.model_dir, "deep")); writeFileSync(join(job.model_dir, "deep", "model.h5"), "x");`), run: node }, "training.no_model", /it holds deep, deep\/model\.h5/],
    ["two models", { files: script(leave("a.onnx") + leave("b.onnx")), run: node }, "training.several_models", /left 2 models .*: a\.onnx, b\.onnx/],
    ["a model of other columns", { files: script(leave("m.onnx", "[1, 2]")), run: node }, "training.model_signature", /has 2 columns, and there are 3 features \(rooms, size, let\)/],
    ["a loss that became NaN", { files: script(leave("m.onnx", "[NaN, 1, 1]")), run: node }, "training.model_answers_nan", /4 of 4 answers .* diverged \(a loss that became NaN\)/],
    ["a model that cannot take rows without a value", { files: script(leave("m.onnx", "[1, 1, 1]")), run: node }, "training.model_answers_nan", /1 of 4 answers/],
    ["a model that is none", { files: script(`writeFileSync(join(job.model_dir, "m.onnx"), "hello");`), run: node }, "training.not_onnx", /m\.onnx that the training left is no ONNX model/],
  ])("%s", async (_, given, code, message) => {
    const { train, workdir } = await workshop();
    await expect(train(given)).rejects.toMatchObject({ name: "MillraceError", code, message: expect.stringMatching(message) as string });
    expect(await readdir(workdir)).toEqual([]);
  });

  test("at its deadline the whole process group ends: children, too, and what ignores SIGTERM", async () => {
    const { train, folder } = await workshop();
    const [asked, pids] = [join(folder, "asked"), join(folder, "pids")];
    const child = `import { writeFileSync, appendFileSync } from "node:fs"; process.on("SIGTERM", () => writeFileSync(${JSON.stringify(asked)}, "")); appendFileSync(${JSON.stringify(pids)}, process.pid + "\\n"); ${hang}`;
    const files = { ...script(`const { spawn } = await import("node:child_process"); spawn("node", ["child.mjs"], { stdio: "inherit" }); process.on("SIGTERM", () => undefined); ${hang}`), "child.mjs": child };
    await expect(train({ files, run: node, timeout: 5000 })).rejects.toMatchObject({ code: "training.timeout", message: expect.stringMatching(/was ended after 5(\.0)? s, the time that train\.timeout gives it/) as string });
    expect(existsSync(asked)).toBe(true);
    const [pid] = (await readFile(pids, "utf8")).trim().split("\n").map(Number);
    await expect.poll(() => isGone(pid), { timeout: 5000 }).toBe(true);
  });

  test("a program that is asked to end at its deadline has time to save what it has", async () => {
    const { train, printed } = await workshop();
    const body = `process.on("SIGTERM", () => setTimeout(() => { writeFileSync(join(job.checkpoint_dir, "state"), "half"); console.log("saved"); process.exit(0); }, 300)); if (existsSync(join(job.checkpoint_dir, "state"))) { ${leave()} process.exit(0); } ${hang}`;
    await expect(train({ files: script(body), run: node, timeout: 4000, rows: [0, 1] })).rejects.toMatchObject({ code: "training.timeout" });
    expect(printed.join("")).toBe("saved\n");
    await train({ files: script(body), run: node, rows: [0, 1] });
  });

  test("what a command leaves running ends with it", async () => {
    const { train, folder } = await workshop();
    const note = join(folder, "pid");
    await train({ files: script(`const { spawn } = await import("node:child_process"); const child = spawn("sleep", ["600"], { stdio: "inherit" }); writeFileSync(${JSON.stringify(note)}, String(child.pid)); child.unref(); ${leave()}`), run: node, rows: [0, 1] });
    const pid = Number(await readFile(note, "utf8"));
    await expect.poll(() => isGone(pid), { timeout: 5000 }).toBe(true);
  });

  test("what moves the cursor of a terminal is no part of what a step is said to be doing", async () => {
    const { train, told } = await workshop();
    await train({ files: script(`console.log("\\u001b[2Jepoch \\u001b[31m1\\u001b[0m\\u0007"); ${leave()}`), run: node, rows: [0, 1] });
    expect(told).toContain("node train.mjs: epoch 1");
  });

  test("a command that prints a gigabyte is neither held up nor kept", async () => {
    const { train, printed, blobs } = await workshop();
    const made = await train({ files: script(leave()), run: "head -c 1000000000 /dev/zero | tr '\\0' 'x' && echo && echo the end && node train.mjs", rows: [0, 1] });
    const text = printed.join("");
    expect(text.length).toBeLessThan(5 << 20);
    expect(text).toMatch(/9\d{8} characters are left out here/);
    expect(text.trimEnd().endsWith("the end")).toBe(true);
    expect((await blobs.get(made.log.sha256)).toString()).toBe(text);
  });
});

test("a training that failed finds what it wrote into its checkpoint folder, until it has succeeded; another finds nothing", async () => {
  const { train, printed, kept } = await workshop();
  const body = `const file = join(job.checkpoint_dir, "epoch"); const epoch = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0; console.log("from epoch", epoch); writeFileSync(file, String(epoch + 1)); if (epoch < 2) process.kill(process.pid, "SIGKILL"); ${leave()}`;
  const given: Given = { files: script(body), run: `node train.mjs`, rows: [0, 1], params: { epochs: 3 } };
  await expect(train(given)).rejects.toMatchObject({ code: "training.killed" });
  await expect(train({ ...given, params: { epochs: 4 } })).rejects.toMatchObject({ code: "training.killed" });
  await expect(train(given)).rejects.toMatchObject({ code: "training.killed" });
  await train(given);
  expect(printed.join("").match(/from epoch \d/g)).toEqual(["from epoch 0", "from epoch 0", "from epoch 1", "from epoch 2"]);
  expect(await readdir(join(kept, "checkpoints"))).toHaveLength(1);
});

/** Whether a process is no more; a zombie that nobody has asked after yet is none. */
const isGone = async (pid: number): Promise<boolean> => await readFile(`/proc/${pid}/stat`, "utf8").then((text) => / Z /.test(text), () => true);
