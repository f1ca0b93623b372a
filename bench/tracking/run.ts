/**
 * Writes to a run, beside `mlflow server` (SQLite, one worker: its faster set-up), on the same machine in one run, with the same client
 * (Node's http, one kept connection for each client, the next request when the last is answered). Millrace syncs each group of
 * writes to disk before it answers; so does SQLite under MLflow.
 *
 *     node bench/tracking/run.ts [path of the program mlflow] [seconds for each measurement]
 */
import { load, openClient, quantile, type Client, type Load } from "./load.ts";
import { startPeer, type Peer } from "./peers.ts";

const [mlflow = "mlflow", secondsText = "4"] = process.argv.slice(2);
const seconds = Number(secondsText);

type Figures = Readonly<Record<string, { readonly value: number; readonly unit: "ms" | "/s"; readonly note: string }>>;

async function measure(peer: Peer): Promise<Figures> {
  const runs = await Promise.all(Array.from({ length: 8 }, () => newRun(peer.url)));
  const point = (client: Client, number: number) => client.post("runs/log-metric", { run_id: runs[number % 8], key: "loss", value: 1 / (number + 1), timestamp: 1_700_000_000_000 + number, step: number });
  let batches = 0;
  const batch = (client: Client) => {
    const from = batches++ * 1000;
    const metrics = Array.from({ length: 1000 }, (_, at) => ({ key: `m${at % 20}`, value: at, timestamp: 1_700_000_000_000 + from + at, step: from + at }));
    return client.post("runs/log-batch", { run_id: runs[0], metrics });
  };
  // MLflow goes on starting processes of its own after its first answer; both get the same time to come to rest.
  await new Promise((resolve) => setTimeout(resolve, 15_000));
  await load(peer.url, 1, 1, point);
  const one = await load(peer.url, 1, seconds, point);
  const eight = await load(peer.url, 8, seconds, point);
  const thousand = await load(peer.url, 1, seconds, batch);
  const ms = (loaded: Load) => ({ value: quantile(loaded.latencies, 0.5), unit: "ms" as const, note: `p95 ${quantile(loaded.latencies, 0.95).toFixed(2)}, n ${loaded.latencies.length}` });
  const rate = (loaded: Load) => ({ value: loaded.perSecond, unit: "/s" as const, note: `p50 ${quantile(loaded.latencies, 0.5).toFixed(2)} ms` });
  return {
    "start to first answer": { value: peer.startMs, unit: "ms", note: "" },
    "log_metric, 1 client, p50": ms(one),
    "log_metric, 1 client": rate(one),
    "log_metric, 8 clients": rate(eight),
    "log_batch of 1000 metrics, p50": ms(thousand),
  };
}

async function newRun(url: string): Promise<string> {
  const client = openClient(url);
  const { run } = (await client.post("runs/create", { experiment_id: "0", start_time: Date.now() })) as { run: { info: { run_id: string } } };
  client.close();
  return run.info.run_id;
}

const figures: Figures[] = [];
for (const name of ["mlflow", "millrace"] as const) {
  const peer = await startPeer(name, mlflow);
  try {
    figures.push(await measure(peer));
  } finally {
    await peer.stop();
  }
}
const [theirs, ours] = figures as [Figures, Figures];
console.log("| | mlflow server, 1 worker | millrace | ratio |\n|---|---|---|---|");
for (const [name, { value, unit, note }] of Object.entries(ours)) {
  const peer = theirs[name];
  const ratio = unit === "ms" ? peer.value / value : value / peer.value;
  const cell = (figure: { value: number; note: string }) => `${figure.value.toFixed(unit === "ms" ? 2 : 0)} ${unit}${figure.note ? ` (${figure.note})` : ""}`;
  console.log(`| ${name} | ${cell({ value: peer.value, note: peer.note })} | ${cell({ value, note })} | ${ratio.toFixed(1)}× |`);
}
