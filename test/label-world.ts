import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { client } from "../src/http/client.ts";
import type { MonitoringRoutes } from "../src/monitoring/routes.ts";
import type { ErrorSums, ErrorWindow } from "../src/monitoring/types.ts";
import type { OptimizationRoutes } from "../src/optimization/routes.ts";
import { seededRandom } from "../src/training/random.ts";
import { dayMs } from "./daily-world.ts";
import { runProject, startMillrace } from "./running-server.ts";

const first = Date.UTC(2024, 0, 1);
const baseDays = 20;

/** One request of a row, and what was answered. */
export interface Asked {
  readonly id: string;
  readonly time: number;
  /** The number that was predicted, or the probability of `yes`. */
  readonly answer: number;
}

export interface LabelBody {
  readonly request_id: string;
  readonly label: number | string | boolean;
  readonly arrived_at?: number;
  readonly observed_at?: number;
}

/** A house with a model of numbers (`amount`) and one of two classes (`sold`, "true" or "false"), watched in windows of a day with labels due a day later. */
export class LabelWorld {
  readonly #endings: (() => Promise<void>)[] = [];
  readonly url: string;
  readonly #gateway: string;

  private constructor(url: string, gateway: string) {
    this.url = url;
    this.#gateway = gateway;
  }

  static async start(): Promise<LabelWorld> {
    const folder = await mkdtemp(join(tmpdir(), "millrace-test-"));
    const endings: (() => Promise<void>)[] = [() => rm(folder, { recursive: true, force: true, maxRetries: 5 })];
    const random = seededRandom(5);
    const rows = Array.from({ length: baseDays * 24 }, (_, hour) => {
      const x = Math.round(random() * 100) / 10;
      return `${new Date(first + hour * 3_600_000).toISOString().slice(0, 19).replace("T", " ")},${x},${(10 * x + random()).toFixed(3)},${x + random() > 5.5 ? "true" : "false"}`;
    });
    await writeFile(join(folder, "rows.csv"), `at,x,amount,sold\n${rows.join("\n")}\n`);
    const { url, gateway } = await startMillrace(join(folder, "home"), { atEnd: (end) => endings.unshift(end) });
    const world = new LabelWorld(url, gateway);
    world.#endings.push(...endings);
    for (const [model, target, other] of [["amount", "amount", "sold"], ["sold", "sold", "amount"]]) {
      const file = join(folder, `${model}.yaml`);
      await writeFile(
        file,
        `model: ${model}
data: { source: rows.csv, target: ${target}, time: at, exclude: [${other}], keep: [x], split: { by: time, test: 0.2 } }
train: { params: { iterations: 20 } }
monitor: { window: 1d, label_delay: 1d }
retrain: { on: [] }
`,
      );
      const run = await runProject(url, file, `first-${model}`);
      if (run.reason !== null) throw new Error(run.reason);
    }
    return world;
  }

  async end(): Promise<void> {
    for (const end of this.#endings) await end();
  }

  /** The beginning of a day, counted from when the loops started. */
  async startOf(endpoint: string): Promise<number> {
    const { loop } = await client<OptimizationRoutes>(this.url, "optimization")("GET /loops/:endpoint", { params: { endpoint } });
    return loop.startedAt;
  }

  /** Asks for a row. */
  async ask(endpoint: string, id: string, x: number, time: number): Promise<Asked> {
    const response = await fetch(`${this.#gateway}/v2/models/${endpoint}/infer`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ id, parameters: { event_time: time }, inputs: [{ name: "x", shape: [1, 1], datatype: "FP32", data: [x] }] }),
    });
    const body = (await response.json()) as { outputs: { name: string; data: (number | string)[] }[]; error?: string };
    if (!response.ok) throw new Error(body.error);
    const data = (name: string) => body.outputs.find((output) => output.name === name)?.data;
    // The answer is a FP32 written in decimal.
    return { id, time, answer: Math.fround(Number(data("prediction")?.[0] ?? data("probabilities")?.[1])) };
  }

  readonly monitoring = (): ReturnType<typeof client<MonitoringRoutes>> => client<MonitoringRoutes>(this.url, "monitoring");

  async label(endpoint: string, labels: readonly LabelBody[]) {
    return this.monitoring()("POST /monitors/:endpoint/labels", { params: { endpoint }, query: {}, body: { labels: [...labels] } });
  }

  async turn(endpoint: string, time: number): Promise<void> {
    const turn = await client<OptimizationRoutes>(this.url, "optimization")("POST /loops/:endpoint/ticks", { params: { endpoint }, body: { time } });
    if (turn.state !== "done") throw new Error("the turn is not done");
  }

  /** What clients got in the window that begins then. */
  async window(endpoint: string, start: number): Promise<Pick<ErrorWindow, "predictions" | "sums"> | undefined> {
    const { windows } = await this.monitoring()("GET /monitors/:endpoint/errors", { params: { endpoint }, query: { variant: "served", from: start, until: start + dayMs } });
    return windows.map(({ predictions, sums }) => ({ predictions, sums }))[0];
  }

  async revisions(endpoint: string, start: number) {
    const { revisions } = await this.monitoring()("GET /monitors/:endpoint/revisions", { params: { endpoint }, query: { from: start, until: start + dayMs } });
    return revisions.map(({ changedAt, before, after, why }) => {
      const served = (states: typeof before) => states.find(({ variant }) => variant === "served");
      return { changedAt, before: served(before)?.sums, after: served(after)?.sums, predictions: [served(before)?.predictions, served(after)?.predictions], why };
    });
  }
}

/** The sums of a window by hand: answers and truths in order of time. */
export function sumsOfNumbers(pairs: readonly (readonly [Asked, number])[]): ErrorSums {
  let [n, loss, absolute, signed, label] = [0, 0, 0, 0, 0];
  for (const [{ answer }, truth] of pairs.toSorted(([a], [b]) => a.time - b.time)) {
    n += 1;
    loss += (answer - truth) * (answer - truth);
    absolute += Math.abs(answer - truth);
    signed += answer - truth;
    label += truth;
  }
  return { n, loss, absolute, signed, label };
}
