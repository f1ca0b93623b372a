import { copyFile, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { client } from "../../src/http/client.ts";
import type { RegistryRoutes } from "../../src/registry/routes.ts";
import { runProject, startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { pythonWith, runScript } from "./python.ts";

const loads = fileURLToPath(new URL("load_version.py", import.meta.url));
const script = fileURLToPath(new URL("python_recipe.py", import.meta.url));
const packages = ["mlflow", "pandas", "protobuf<7", "pyarrow", "scikit-learn", "skl2onnx"];

/** A server that was not told of a Python by --python; its commands find the environment on the PATH, unless the project declares it. */
async function start(onPath: boolean) {
  const python = await pythonWith("recipes", packages);
  const home = join(await temporaryFolder(), "home");
  return { python, home, ...(await startMillrace(home, { env: { ...(onPath && { PATH: `${dirname(python)}:${process.env["PATH"]}` }), MLFLOW_DISABLE_TELEMETRY: "true" } })) };
}

/** What is asked, as it stands in a file: known and unknown texts, whole numbers, a missing number, true and false, dates. */
const asked = [
  { plan: "basic", calls: 3, minutes: 80.125, roaming: true, since: "2020-02-29" },
  { plan: "pro", calls: 0, minutes: null, roaming: false, since: "2020-12-31" },
  { plan: "never seen", calls: 9, minutes: 0.1, roaming: true, since: "2020-06-15" },
];

async function project(name: string, kind: string, target: string, python?: string): Promise<{ readonly file: string; readonly answers: string }> {
  const folder = await temporaryFolder();
  const [file, answers] = [join(folder, "millrace.yaml"), join(folder, "answers.json")];
  const rows = Array.from({ length: 900 }, (_, at) => {
    const [plan, calls, roaming, day] = [["basic", "plus", "pro"][at % 3], (at * 7) % 10, at % 4 === 0, ((at * 11) % 366) * 86_400_000];
    const minutes = ((at * 37) % 2000) / 10;
    const worth = (plan === "basic" ? 2 : 0) + calls * 0.3 - minutes * 0.02 + (roaming ? 1 : 0) + day / 3e10 + Math.sin(at * 12.9898) * 0.5;
    return [plan, calls, at % 20 === 5 ? "" : minutes, roaming, new Date(Date.UTC(2020, 0, 1) + day).toISOString().slice(0, 10), worth > 1.5 ? "yes" : "no", worth.toFixed(4)].join(",");
  });
  await copyFile(script, join(folder, "train.py"));
  await writeFile(join(folder, "table.csv"), `plan,calls,minutes,roaming,since,left,worth\n${rows.join("\n")}\n`);
  await writeFile(file, JSON.stringify({ model: name, data: { source: "table.csv", target, exclude: [target === "left" ? "worth" : "left"] }, train: { run: "python train.py", files: ["train.py"], params: { kind, ask: asked, answers }, refit: kind === "joblib", ...(python !== undefined && { python }) } }));
  return { file, answers };
}

async function ask(gateway: string, path: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${gateway}${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
  expect([response.status, path]).toEqual([200, path]);
  return response.json();
}

const tensors = (rows: typeof asked) => ({
  inputs: [
    { name: "plan", datatype: "BYTES", shape: [3, 1], data: rows.map(({ plan }) => plan) },
    { name: "calls", datatype: "INT64", shape: [3, 1], data: rows.map(({ calls }) => calls) },
    { name: "minutes", datatype: "FP64", shape: [3, 1], data: rows.map(({ minutes }) => minutes) },
    { name: "roaming", datatype: "BYTES", shape: [3, 1], data: rows.map(({ roaming }) => String(roaming)) },
    { name: "since", datatype: "BYTES", shape: [3, 1], data: rows.map(({ since }) => since) },
  ],
});

describe("a model that only Python loads is judged and served as every other: its answers to raw rows are those of the model in its own Python", () => {
  test.each([
    ["joblib", "left"],
    ["sklearn", "left"],
    ["logged", "worth"],
    ["pyfunc", "worth"],
  ])("%s", { timeout: 300_000 }, async (kind, target) => {
    const declared = kind === "sklearn";
    const { url, gateway, python, home } = await start(!declared);
    const name = `of-${kind}`;
    const { file, answers } = await project(name, kind, target, declared ? dirname(dirname(python)) : undefined);
    const run = await runProject(url, file, `run-${kind}`, { home });
    expect([run.reason, run.state]).toEqual([null, "succeeded"]);
    const version = await client<RegistryRoutes>(url, "registry")("GET /models/:name/versions/:version", { params: { name, version: 1 } });
    if (version.origin !== "trained") throw new Error("it was trained here");
    expect(version.artifact.python).toMatchObject({ interpreter: python, packages: { "scikit-learn": expect.any(String) as string } });
    expect(version.environment).toMatchObject({ python: expect.stringMatching(/^3\./) as string, mlflow: expect.any(String) as string });
    expect(version.importances["minutes"]).toBeGreaterThan(0.05);

    const own = JSON.parse(await readFile(answers, "utf8")) as { answers: number[] | number[][]; classes: string[] | null };
    const near = (expected: number[]) => expected.map((value) => expect.closeTo(value, 12) as number);
    const [rows, columns] = [asked, Object.keys(asked[0])];
    const infer = (await ask(gateway, `/v2/models/${name}/infer`, tensors(asked))) as { outputs: { name: string; shape: number[]; data: unknown[] }[] };
    const scored = (await ask(gateway, "/invocations", { dataframe_split: { columns, data: rows.map((row) => Object.values(row)) } })) as { predictions: Record<string, unknown>[] };
    const predicted = (await ask(gateway, `/predict/${name}`, rows)) as Record<string, unknown>[];
    if (own.classes === null) {
      const expected = near(own.answers as number[]);
      expect(infer.outputs).toMatchObject([{ name: "prediction", shape: [3, 1], data: expected }]);
      expect(predicted.map((one) => one["prediction"])).toEqual(expected);
    } else {
      expect(own.classes).toEqual(["no", "yes"]);
      const expected = own.answers as number[][];
      const labels = expected.map(([no, yes]) => (yes > no ? "yes" : "no"));
      expect(infer.outputs).toMatchObject([{ name: "label", shape: [3, 1], data: labels }, { name: "probabilities", shape: [3, 2], data: near(expected.flat()) }]);
      expect(predicted).toEqual(expected.map((row, at) => ({ label: labels[at], probabilities: near(row) })));
    }
    expect(scored.predictions).toEqual(own.classes === null ? own.answers.map((one) => expect.closeTo(one as number, 12) as number) : predicted);
    // Where it was registered from, the plain client loads the model that is served.
    if (kind === "joblib") {
      const ROWS = JSON.stringify(rows.map(({ since, ...row }) => ({ ...row, roaming: String(row.roaming), since: Date.parse(since) })));
      expect(JSON.parse(await runScript(python, loads, { MLFLOW_TRACKING_URI: url, MLFLOW_DISABLE_TELEMETRY: "true", MODEL: `models:/${name}/1`, ROWS }))).toEqual({ label: predicted.map((one) => [one["label"]]), probabilities: predicted.map((one) => near(one["probabilities"] as number[])) });
    }
    // Cells are read as the training's were, whatever their spelling; what is none of them is refused.
    const spelled = (await ask(gateway, `/predict/${name}`, { ...asked[0], calls: "3", roaming: "TRUE", minutes: "80.125" })) as Record<string, unknown>;
    expect(spelled).toEqual(predicted[0]);
    const refused = await fetch(`${gateway}/predict/${name}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ ...asked[0], minutes: "many" }) });
    expect([refused.status, await refused.text()]).toEqual([400, expect.stringContaining("minutes") as string]);
  });

  test("one that gives classes alone is refused: it cannot be judged", { timeout: 120_000 }, async () => {
    const { url, home } = await start(true);
    const { file } = await project("of-labels", "labels", "left");
    const run = await runProject(url, file, "run-labels", { home });
    expect([run.state, run.reason]).toEqual(["failed", expect.stringMatching(/model\.pkl gives classes without probabilities/) as string]);
  });
});
