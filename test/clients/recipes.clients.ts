import { execFile } from "node:child_process";
import { cp, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { client } from "../../src/http/client.ts";
import type { RegistryRoutes } from "../../src/registry/routes.ts";
import { millrace, runProject, startMillrace } from "../running-server.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { pythonWith } from "./python.ts";

const examples = fileURLToPath(new URL("../../examples", import.meta.url));

test("examples/scikit-learn: from the table by a script of one's own to answered requests, with autologging in the pipeline's run", async () => {
  const packages = (await readFile(join(examples, "scikit-learn", "requirements.txt"), "utf8")).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const python = await pythonWith("recipes", packages);
  const folder = await temporaryFolder();
  const home = join(folder, "home");
  await cp(examples, join(folder, "examples"), { recursive: true });
  const file = join(folder, "examples", "scikit-learn", "millrace.yaml");
  const { url, gateway } = await startMillrace(home, { env: { PATH: `${dirname(python)}:${process.env["PATH"]}`, MLFLOW_DISABLE_TELEMETRY: "true" } });
  const run = await runProject(url, file, "first", { home });
  expect([run.reason, run.state]).toEqual([null, "succeeded"]);

  const version = await client<RegistryRoutes>(url, "registry")("GET /models/:name/versions/:version", { params: { name: "bike-demand-sklearn", version: 1 } });
  if (version.origin !== "trained") throw new Error("it was trained here");
  expect(version.recipe).toMatchObject({ run: "python train.py", format: "parquet", timeout: 600_000, files: [{ path: "train.py" }] });
  expect(version.metrics["rmse"].value).toBeLessThan(45);

  // Autologging has logged to the pipeline's run: the pipeline's own metrics stand beside those of scikit-learn.
  const { run: logged } = (await (await fetch(`${url}/api/2.0/mlflow/runs/get?run_id=first`)).json()) as { run: { info: { status: string }; data: { metrics: { key: string }[]; params: { key: string; value: string }[] } } };
  expect(logged.info.status).toBe("FINISHED");
  expect(logged.data.metrics.map(({ key }) => key)).toEqual(expect.arrayContaining(["training_root_mean_squared_error", "rmse", "naive_rmse"]));
  expect(logged.data.params).toEqual(expect.arrayContaining([{ key: "histgradientboostingregressor__max_iter", value: "200" }]));

  // The answer is what scikit-learn gave on held-out rows, within what the metrics say: of a summer's Saturday afternoon more than of a winter's night.
  const ask = async (row: object): Promise<number> => ((await (await fetch(`${gateway}/predict/bike-demand-sklearn`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(row) })).json()) as { prediction: number }).prediction;
  const row = { season: 1, yr: 0, mnth: 2, holiday: 0, weekday: 6, workingday: 0, weathersit: 1, atemp: 0.3, hum: 0.5, windspeed: 0.1 };
  const [day, night] = [await ask({ ...row, hr: 15, temp: 0.4 }), await ask({ ...row, hr: 4, temp: 0.1 })];
  expect(day).toBeGreaterThan(3 * night);

  // A script that does not run says so in its own words.
  await writeFile(join(folder, "examples", "scikit-learn", "train.py"), "import no_such_package\n");
  const broken = await runProject(url, file, "broken", { home });
  expect(broken).toMatchObject({ state: "failed", reason: expect.stringMatching(/"python train\.py" ended with exit code 1; its last lines:[^]*ModuleNotFoundError: No module named 'no_such_package'/) as string });
});

test("examples/joblib: in an environment that is made of its requirements.txt, served from the file that joblib wrote", { timeout: 600_000 }, async () => {
  const folder = await temporaryFolder();
  const home = join(folder, "home");
  await cp(join(examples, "joblib"), join(folder, "joblib"), { recursive: true });
  const { url, gateway } = await startMillrace(home);
  const run = await runProject(url, join(folder, "joblib", "millrace.yaml"), "first", { home });
  expect([run.reason, run.state]).toEqual([null, "succeeded"]);
  const version = await client<RegistryRoutes>(url, "registry")("GET /models/:name/versions/:version", { params: { name: "house-prices", version: 1 } });
  if (version.origin !== "trained") throw new Error("it was trained here");
  expect(version).toMatchObject({ recipe: { python: { declared: "requirements.txt", made: { packages: expect.arrayContaining([expect.stringMatching(/^scikit-learn==/)]) as string[] } } }, artifact: { python: { interpreter: expect.stringContaining(join(home, "kept", "environments")) as string } } });
  const rows = [{ area: 80, rooms: 3, age: 12, distance: 2.5 }, { area: 40, rooms: 1, age: null, distance: 9 }];
  const answers = (await (await fetch(`${gateway}/predict/house-prices`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(rows) })).json()) as { prediction: number }[];
  // The table is linear with a noise of 14; a missing age is the mean one, 35.
  for (const [at, { area, rooms, age, distance }] of rows.entries()) expect(Math.abs(answers[at].prediction - (42 + 2.9 * area + 11 * rooms - 0.7 * (age ?? 35) - 4.1 * distance))).toBeLessThan(6);
});

test("a scikit-learn pipeline that the plain client registered is adopted by one command, and gives its own answers by gateway and by file", { timeout: 600_000 }, async () => {
  const packages = (await readFile(join(examples, "scikit-learn", "requirements.txt"), "utf8")).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const python = await pythonWith("recipes", packages);
  const folder = await temporaryFolder();
  const home = join(folder, "home");
  const { url, gateway } = await startMillrace(home);
  const whole = join(examples, "bike-sharing", "data", "hour.csv");
  await promisify(execFile)(python, [fileURLToPath(new URL("log_stranger.py", import.meta.url)), url, whole, join(folder, "own.json")], { env: { ...process.env, MLFLOW_DISABLE_TELEMETRY: "true" } });
  const own = JSON.parse(await readFile(join(folder, "own.json"), "utf8")) as number[];
  const lines = (await readFile(whole, "utf8")).split("\n").slice(0, 1401);
  const table = join(folder, "recent.csv");
  await writeFile(table, `${lines.join("\n")}\n`);

  const adopted = await millrace(["adopt", "stranger", "--data", table, "--target", "cnt", "--time", "dteday", "--python", python, "--home", home, "--json"]);
  expect([adopted.code, adopted.err]).toEqual([0, expect.any(String)]);
  expect(JSON.parse(adopted.out)).toMatchObject({ model: "stranger", version: 2, adopted: 1 });

  const out = join(folder, "answers.csv");
  const predicted = await millrace(["predict", "stranger", table, "--out", out, "--home", home, "--json"]);
  expect([predicted.code, (JSON.parse(predicted.out) as { refused: number }).refused]).toEqual([0, 0]);
  const answers = (await readFile(out, "utf8")).trimEnd().split("\n").slice(1).map((line) => Number(line.split(",")[1]));
  for (const [row, value] of own.entries()) expect(answers[row]).toBeCloseTo(value, 9);
  const [names, ...cells] = lines.map((line) => line.split(","));
  const rows = cells.slice(0, 50).map((row) => Object.fromEntries(names.flatMap((name, at) => (["hr", "weekday", "workingday", "temp", "hum", "windspeed", "season"].includes(name) ? [[name, row[at]]] : []))));
  const online = (await (await fetch(`${gateway}/predict/stranger`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(rows) })).json()) as { prediction: number }[];
  for (const [row, { prediction }] of online.entries()) expect(prediction).toBe(answers[row]);
});
