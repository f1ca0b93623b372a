import { crc32, deflateSync } from "node:zlib";
import { emptyHouse, type RunningHouse } from "./lived-in-house.ts";

/** Runs that browser tests look for, by id. */
export interface TrackedHouse extends RunningHouse {
  readonly experiments: Readonly<Record<"forest" | "net" | "odd", string>>;
  readonly runs: Readonly<Record<"parent" | "net" | "running" | "odd", string>>;
  readonly trials: readonly string[];
  /** Asks MLflow's API of the house. */
  readonly post: (path: string, body: object) => Promise<Answer>;
}

// Tests read deep into answers whose shape is what they check.
// eslint-disable-next-line typescript/no-explicit-any
type Answer = any;

const begin = Date.UTC(2026, 9, 1, 8);
const picture = drawPng(24);
/** Tries whatever a page could to run a script or to reach ours; what it manages stands in the title of the page that shows it. */
const attack = `try { parent.document.title = 'taken over' } catch { } try { document.title = localStorage.length } catch { } fetch('/api/tracking/runs').then(() => new Image().src = '/stolen')`;
const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="120" height="60"><rect width="120" height="60" fill="teal"/><script>${attack}</script></svg>`;

/** The files of the run of many kinds. */
export const files: Readonly<Record<string, string | Buffer>> = {
  "plots/dot.png": picture,
  "plots/drawing.svg": svg,
  "tables/scores.csv": `fold,rmse,note\n${Array.from({ length: 30 }, (_, index) => `${index},${(50 - index * 0.37).toFixed(2)},"a, ""b"""`).join("\n")}\n`,
  "tables/answers.json": JSON.stringify({ columns: ["question", "is_right"], data: [["How deep?", true], ["<b>How wide?</b>", false]] }),
  ...Object.fromEntries([0, 5, 50].map((step) => [`images/mask_a%step%${step}%timestamp%${1_790_000_000_000 + step}%g${step}.png`, picture])),
  "config/params.json": '{"depth":3,"rate":0.1}',
  "config/train.yaml": "depth: 3\nrate: 0.1\n",
  "code/train.py": "import mlflow\n\nwith mlflow.start_run():\n    mlflow.log_metric('loss', 0.5)\n",
  "README.md": "# What this is\n\n- a list\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n[no](javascript:document.title='taken over') ![a plot](https://example.org/plot.png)\n\n<img src=x onerror=\"document.title='taken over'\">\n",
  "report.html": `<h1>Report</h1><p id="said">before</p><script>document.getElementById('said').textContent = 'a script ran'; ${attack}</script><img src=x onerror="${attack}"><iframe src="javascript:parent.parent.document.title='taken over'"></iframe><form action="/api/tracking/runs/lifecycle" method="post"><button>go</button></form>`,
  "analysis.ipynb": JSON.stringify({
    nbformat: 4,
    cells: [
      { cell_type: "markdown", source: ["# Analysis\n", `<script>${attack}</script>`] },
      { cell_type: "code", execution_count: 1, source: "scores.plot()", outputs: [{ output_type: "display_data", data: { "image/png": picture.toString("base64") } }, { output_type: "display_data", data: { "image/svg+xml": svg } }] },
      { cell_type: "code", execution_count: 2, source: "table", outputs: [{ output_type: "execute_result", data: { "text/html": `<table><tr><td>42</td></tr></table><script>${attack}</script>`, "text/plain": "42" } }] },
      { cell_type: "code", execution_count: 3, source: "1 / 0", outputs: [{ output_type: "error", traceback: ["\u001b[31mZeroDivisionError\u001b[0m: division by zero"] }] },
    ],
  }),
  "model.bin": Buffer.from([0, 1, 2, 3]),
};

/** A house with three experiments: forty trials nested below a search, a net with a long history, and one with everything that is odd. */
export async function trackedHouse(): Promise<TrackedHouse> {
  const house = await emptyHouse();
  const post = async (path: string, body: object): Promise<Answer> => {
    const answer = await fetch(`${house.url}/api/2.0/mlflow/${path}`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
  };
  const experiment = async (name: string): Promise<string> => (await post("experiments/create", { name })).experiment_id;
  const run = async (experimentId: string, name: string, minutes: number, tags: Readonly<Record<string, string>> = {}): Promise<string> =>
    (await post("runs/create", { experiment_id: experimentId, run_name: name, user_id: "ada", start_time: begin + minutes * 60_000, tags: Object.entries(tags).map(([key, value]) => ({ key, value })) })).run.info.run_id;
  const log = (id: string, metrics: readonly { key: string; value: number | string; step?: number }[], params: Readonly<Record<string, string>> = {}): Promise<Answer> =>
    post("runs/log-batch", { run_id: id, metrics: metrics.map((one) => ({ step: 0, timestamp: begin + (one.step ?? 0) * 1000, ...one })), params: Object.entries(params).map(([key, value]) => ({ key, value })) });
  const end = (id: string, minutes: number, status = "FINISHED"): Promise<Answer> => post("runs/update", { run_id: id, status, end_time: begin + minutes * 60_000 });

  const experiments = { forest: await experiment("bike demand, forest"), net: await experiment("bike demand, net"), odd: await experiment("odd ones") };
  const parent = await run(experiments.forest, "search", 0, { team: "mill" });
  await log(parent, [{ key: "rmse", value: 41.2 }], { sampler: "tpe" });
  const trials: string[] = [];
  for (let index = 0; index < 40; index += 1) {
    const id = await run(experiments.forest, `trial-${index}`, index + 1, index < 30 ? { "mlflow.parentRunId": parent } : {});
    const depth = 3 + (index % 6);
    await log(id, [{ key: "rmse", value: 40 + Math.abs(depth - 6) * 3 + (index % 7) }, { key: "r2", value: 0.95 - Math.abs(depth - 6) * 0.02 }], { depth: String(depth), rate: String(0.05 * (1 + (index % 4))), objective: index % 2 ? "mae" : "rmse", seed: "1" });
    await end(id, index + 3, index === 7 ? "FAILED" : index === 11 ? "KILLED" : "FINISHED");
    trials.push(id);
  }
  await end(parent, 60);

  const net = await run(experiments.net, "net-wide", 0, { "mlflow.source.name": "train.py", "mlflow.source.git.commit": "3f2a9c1b7d8e4f5061728394a5b6c7d8e9f00112", "mlflow.note.content": "Two hidden layers, early stopping" });
  for (let from = 0; from < 6000; from += 500) {
    const steps = Array.from({ length: 500 }, (_, index) => from + index);
    await log(net, steps.flatMap((step) => [{ key: "loss", value: 2 / (1 + step / 300) + 0.08 * Math.sin(step * 1.7) + (step === 4321 ? 5 : 0), step }, { key: "accuracy", value: 1 - 0.6 / (1 + step / 900), step }]));
  }
  await log(net, [{ key: "learning_rate", value: 0.001 }], { layers: "2", width: "256", optimizer: "adam" });
  await post("runs/log-inputs", { run_id: net, datasets: [{ tags: [{ key: "mlflow.data.context", value: "training" }], dataset: { name: "hour.csv", digest: "a1b2c3d4", source_type: "local", source: "{}" } }] });
  for (const [path, content] of Object.entries(files)) {
    const answer = await fetch(`${house.url}/api/2.0/mlflow-artifacts/artifacts/${experiments.net}/${net}/artifacts/${path.split("/").map(encodeURIComponent).join("/")}`, { method: "PUT", body: typeof content === "string" ? content : new Uint8Array(content) });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  }
  await end(net, 95);
  const running = await run(experiments.net, "net-running", 120);
  await log(running, [0, 1, 2].map((step) => ({ key: "loss", value: 1 / (1 + step), step })), { layers: "3", width: "128", optimizer: "sgd" });

  const odd = await run(experiments.odd, "diverged", 0);
  await log(odd, [1, 2, "NaN", "Infinity", 3, 0, "NaN"].map((value, step) => ({ key: "loss", value, step })));
  await end(odd, 1, "FAILED");
  return { ...house, experiments, runs: { parent, net, running, odd }, trials, post };
}

/** A square picture of one colour (PNG, 8 bits of red, green and blue). */
function drawPng(side: number): Buffer {
  const chunk = (type: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(type), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc32(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([8, 2, 0, 0, 0], 8);
  const row = Buffer.concat([Buffer.from([0]), ...Array.from({ length: side }, () => Buffer.from([161, 79, 13]))]);
  const rows = deflateSync(Buffer.concat(Array.from({ length: side }, () => row)));
  return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
}
